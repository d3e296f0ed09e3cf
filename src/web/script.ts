/**
 * The one script of the pages, which work without it: it renews what changes without a flash, says times as people say them, and copies texts.
 * Plain JavaScript, sent as it is.
 */
export const script = `'use strict';
(() => {
  const unit = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const relative = (at) => {
    const seconds = (new Date(at) - Date.now()) / 1000;
    for (const [size, name] of unit) if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), name);
    return Math.abs(seconds) < 10 ? 'just now' : words.format(Math.round(seconds), 'second');
  };
  const times = () => {
    for (const time of document.querySelectorAll('time[datetime]')) {
      const text = relative(time.dateTime);
      if (time.textContent !== text) time.textContent = text;
    }
  };
  const copies = () => {
    for (const button of document.querySelectorAll('button[data-copy]')) {
      button.hidden = false;
      button.onclick = async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = 'Copied';
      };
    }
  };
  const files = () => {
    for (const input of document.querySelectorAll('input[type=file][data-fill]')) {
      input.parentElement.hidden = false;
      input.onchange = async () => {
        const [file] = input.files;
        // A certificate with its key is a few thousand characters.
        if (file && file.size < 30000) document.getElementById(input.dataset.fill).value = await file.text();
        input.value = '';
      };
    }
  };
  // What somebody has begun to fill in stays.
  const begun = (main) => [...main.querySelectorAll('input:not([type=hidden]), textarea, select')].some((each) =>
    each.type === 'checkbox' || each.type === 'radio' ? each.checked !== each.defaultChecked
      : each.tagName === 'SELECT' ? [...each.options].some((option) => option.selected !== option.defaultSelected)
      : each.value !== each.defaultValue);
  const renew = async () => {
    const main = document.querySelector('main[data-renew]');
    if (!main) return;
    const seconds = Number(main.dataset.renew);
    if (!(seconds > 0)) return;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    try {
      const typing = main.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (!document.hidden && !typing && !begun(main)) {
        const answer = await fetch(location.href, { credentials: 'same-origin', headers: { accept: 'text/html' } });
        if (answer.ok && !answer.redirected) {
          const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
          const focused = document.activeElement && document.activeElement.id;
          const open = [...main.querySelectorAll('details[open][id]')].map((each) => each.id);
          if (fresh) {
            const told = main.querySelector('[aria-live]');
            const tell = fresh.querySelector('[aria-live]');
            if (told && tell) {
              if (told.innerHTML !== tell.innerHTML) told.innerHTML = tell.innerHTML;
              tell.replaceWith(told);
            }
            main.replaceChildren(...fresh.childNodes);
            if (fresh.dataset.renew) main.dataset.renew = fresh.dataset.renew; else delete main.dataset.renew;
            for (const id of open) { const each = document.getElementById(id); if (each) each.open = true; }
            if (focused) { const each = document.getElementById(focused); if (each) each.focus(); }
            times(); copies();
          }
        }
      }
    } catch { /* the next time may work */ }
    renew();
  };
  times(); copies(); files(); renew();
  setInterval(times, 10000);
})();
`;
