"""How calls share connections, and what of the environment they must not heed."""

import json
import threading
from pathlib import Path

import pytest
from crm_calls import CALLS, ORDER, QUERY, ask, client_for
from crm_peers import Peer, keeps_saying

DEADLINE = 10.0
PLACED = json.dumps({"result": "SUCCESS", "message": {"orderId": "D6", "orderStatus": "COMPLETE", "data": []}})
CRM = keeps_saying(PLACED.encode())


@pytest.mark.parametrize("name", ["ImportOrder", "ImportUpsale", "ConfirmPaypal"])
def test_each_charge_is_one_request_on_a_connection_of_its_own(name: str) -> None:
    with Peer(CRM) as crm:
        client = client_for(crm.url)
        ask(client, QUERY, DEADLINE)
        for _ in range(3):
            ask(client, CALLS[name], DEADLINE)
        assert (crm.connections, len(crm.requests)) == (4, 4)
        assert all("Connection: close" in head.splitlines() for head, _ in crm.requests[1:])


def test_the_connection_of_a_charge_is_closed_after_it() -> None:
    with Peer(CRM) as crm:
        client = client_for(crm.url)
        ask(client, ORDER, DEADLINE)
        assert crm.hung_up.wait(DEADLINE)


def test_other_calls_of_a_thread_share_a_connection() -> None:
    with Peer(CRM) as crm:
        client = client_for(crm.url)
        for name in ("ImportLead", "ConfirmOrder", "OrderQuery", "TransactionsQuery"):
            ask(client, CALLS[name], DEADLINE)
        assert (crm.connections, len(crm.requests)) == (1, 4)


def test_threads_do_not_share_connections_and_leave_none_behind() -> None:
    with Peer(CRM) as crm:
        client = client_for(crm.url)
        ask(client, QUERY, DEADLINE)
        thread = threading.Thread(target=ask, args=(client, QUERY, DEADLINE))
        thread.start()
        thread.join()
        assert crm.connections == 2
        assert crm.hung_up.wait(DEADLINE)
        ask(client, QUERY, DEADLINE)
        assert crm.connections == 2


def test_cookies_of_one_call_are_not_sent_with_the_next() -> None:
    with Peer(keeps_saying(PLACED.encode(), "Set-Cookie: PHPSESSID=1; Path=/")) as crm:
        client = client_for(crm.url)
        ask(client, QUERY, DEADLINE)
        ask(client, QUERY, DEADLINE)
        assert [head for head, _ in crm.requests if "Cookie:" in head] == []


def test_proxies_and_passwords_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    with Peer(CRM) as proxy, Peer(CRM) as crm:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv("NETRC", str(netrc))
        client = client_for(crm.url)
        ask(client, ORDER, DEADLINE)
        ask(client, QUERY, DEADLINE)
        assert (proxy.connections, len(crm.requests)) == (0, 2)
        assert [head for head, _ in crm.requests if "Authorization:" in head] == []
