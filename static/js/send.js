/* Sends the page's one form, for a shopper who is back from PayPal. Without it there is the button. */
document.querySelector("form[data-send]").requestSubmit();
