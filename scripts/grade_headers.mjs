// Grades pages' headers with Mozilla's HTTP Observatory and Google's csp_evaluator, from npm, without the network:
//   npm install --ignore-scripts @mdn/mdn-http-observatory csp_evaluator
//   NODE_EXTRA_CA_CERTS=ca.pem node grade_headers.mjs HOST HTTPS_PORT HTTP_PORT '[["name", "/path", "cookie=…"], …]'
// in the folder where they are installed, after three changes there: conf/hsts-preload.json is {}, conf/tld-list.json
// is ["test"], and scan() in src/scanner/index.js hands its options on to retrieve().
import { pathToFileURL } from "node:url";

const from = (path) => import(pathToFileURL(`${process.cwd()}/node_modules/${path}`));
const { scan } = await from("@mdn/mdn-http-observatory/src/scanner/index.js");
const { CspEvaluator } = (await from("csp_evaluator/dist/evaluator.js")).default;
const { CspParser } = (await from("csp_evaluator/dist/parser.js")).default;
const [host, httpsPort, httpPort, pages] = process.argv.slice(2);

for (const [name, path, cookie] of JSON.parse(pages)) {
  const headers = ["Accept: text/html", ...(cookie ? [`Cookie: ${cookie}`] : [])];
  const graded = await scan(host, { path, httpsPort, httpPort, headers });
  const policy = graded.scan.responseHeaders["content-security-policy"];
  const found = new CspEvaluator(new CspParser(policy).csp).evaluate();
  const { grade, score, testsPassed, testsQuantity, statusCode } = graded.scan;
  const told = found.map((each) => `${each.directive} ${each.value ?? ""} (${each.severity})`).join(", ");
  console.log(`${name} ${statusCode} ${grade} ${score}, ${testsPassed} of ${testsQuantity}; csp_evaluator ${found.length} ${told}`);
  if (process.env.VERBOSE) for (const [test, each] of Object.entries(graded.tests)) console.log("   ", test, each.result, each.scoreModifier);
}
