'use strict';
(() => {
  const form = document.getElementById('form');
  const button = document.getElementById('send');
  const result = document.getElementById('result');
  // The token stands after the #, which browsers never send: it reaches no log and no Referer header.
  const token = new URLSearchParams(location.hash.slice(1)).get('token');

  const say = (text, kind) => {
    result.textContent = text;
    result.className = 'result ' + kind;
  };

  const problem = (answer) => {
    const detail = (answer.details || [])[0];
    if (detail && detail.field === 'token') {
      return 'This link was used already or has expired. Please ask for a new one.';
    }
    return detail ? detail.field + ': ' + detail.message : answer.userMessage;
  };

  // What the form says, or null after telling the person what is wrong with it.
  const body = () => {
    const password = form.elements.namedItem('password');
    if (!password) return { token };
    if (password.value !== form.elements.namedItem('again').value) {
      say('The two passwords differ.', 'bad');
      form.elements.namedItem('again').focus();
      return null;
    }
    return { token, password: password.value };
  };

  const send = async (request) => {
    const response = await fetch(location.pathname, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      credentials: 'omit',
      body: JSON.stringify(request),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(problem(answer));
    return answer.message;
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const request = body();
    if (!request) return;
    button.disabled = true;
    say('One moment …', '');
    try {
      say(await send(request), 'good');
      form.hidden = true;
      history.replaceState(null, '', location.pathname);
    } catch (error) {
      const unreachable = error instanceof TypeError || error instanceof SyntaxError;
      say(unreachable ? 'We could not reach the shop. Please try again.' : error.message, 'bad');
      button.disabled = false;
    }
  });

  if (!token) {
    say('This link is incomplete. Please open it from the mail again.', 'bad');
    button.disabled = true;
  }
})();
