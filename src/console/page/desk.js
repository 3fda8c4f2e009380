// What stands beside the telephone: where the call is, what each key would do, what check finds, what was exchanged.

const MOST_EXCHANGES = 50;
const MOST_SAID = 300;

export const $ = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child != null));
  return made;
}

// ---- what is said

let present = null;

export function clearSaid() {
  $('said').replaceChildren();
  present = null;
}

function add(line) {
  const said = $('said');
  const low = said.scrollHeight - said.scrollTop - said.clientHeight < 40;
  said.append(line);
  while (said.childElementCount > MOST_SAID) said.firstElementChild.remove();
  if (low) said.scrollTop = said.scrollHeight;
  return line;
}

// A sentence that is heard now. `mark` says whose voice it is; `left_ms` how long it will be heard.
export function said(seconds, words, { language, mark, prompts = [], who, left_ms = 0 }) {
  endSaid();
  const line = element('p', { className: 'sentence' });
  line.append(element('span', { className: 'at', ariaHidden: 'true', textContent: `${seconds.toFixed(1)} s` }));
  const text = element('span', { className: 'words' });
  if (who) text.append(element('b', { textContent: `${who} ` }));
  const spoken = element('span', { textContent: words });
  if (language) spoken.lang = language;
  text.append(spoken);
  const notes = [...prompts.slice(0, 3), ...(mark ? [mark] : [])].join(' · ');
  if (notes) text.append(element('span', { className: 'mark', ariaHidden: 'true', textContent: notes }));
  line.append(text);
  if (!who) {
    present = line;
    line.classList.add('now');
    line.style.setProperty('--ms', `${Math.max(left_ms, 1)}ms`);
  }
  return add(line);
}

export function endSaid(cut = false) {
  present?.classList.remove('now');
  if (cut) present?.classList.add('cut');
  present = null;
}

export function happened(seconds, words, kind = '') {
  const at = element('span', { className: 'at', ariaHidden: 'true', textContent: `${seconds.toFixed(1)} s` });
  add(element('p', { className: `event ${kind}` }, at, element('span', { className: 'words', textContent: words })));
}

// ---- where the call is

export function here(event, languages) {
  const place = $('place');
  place.replaceChildren();
  if (event.node) place.append('node ', element('code', { textContent: event.node }));
  else place.append(event.place);
  const name = languages.get(event.language);
  if (name) place.append(', in ', element('span', { lang: event.language, textContent: name }));

  const row = ({ key, does, node, words }) => {
    const what = element('td', {}, does, node ? ' ' : null, node ? element('code', { textContent: node }) : null);
    if (words) what.append(element('span', { className: 'mark', lang: event.language ?? '', textContent: words }));
    return element('tr', {}, element('th', { scope: 'row', textContent: key ?? 'none' }), what);
  };
  const keys = together(event.silence ? [...event.keys, event.silence] : event.keys);
  $('key-rows').replaceChildren(...keys.map(row));
  $('key-table').hidden = keys.length === 0;
  findings(event);
  light(event.node);
}

// Keys that would do the same, and of which nothing is said, stand in one line.
function together(keys) {
  const lines = [];
  for (const key of keys) {
    const same = key.words ? null : lines.find((line) => !line.words && line.key && line.does === key.does && line.node === key.node);
    if (same && key.key) same.key += ` ${key.key}`;
    else lines.push({ ...key });
  }
  return lines;
}

function findings(event) {
  const found = event.findings.map(finding);
  const elsewhere = event.elsewhere;
  const rest = elsewhere === 0 ? '' : ` ${elsewhere} elsewhere in these files: see hulplijn check.`;
  if (found.length === 0) found.push(element('p', { className: 'quiet', textContent: `Nothing here.${rest}` }));
  else if (rest) found.push(element('p', { className: 'quiet', textContent: rest.trim() }));
  $('findings').replaceChildren(...found);
}

export function finding({ rule, severity, file, line, message, found, expected, help }) {
  const more = [['found', found], ['expected', expected], ['help', help]].filter(([, text]) => text);
  return element(
    'div',
    { className: `finding ${severity}` },
    element('p', {}, element('b', { textContent: `${severity} ${rule}` }), ` ${message}`),
    element('p', { className: 'mark', textContent: [`${file}:${line}`, ...more.map(([name, text]) => `${name}: ${text}`)].join(' · ') }),
  );
}

export function nowhere(words) {
  $('place').textContent = words;
  $('key-table').hidden = true;
  $('findings').replaceChildren(element('p', { className: 'quiet', textContent: 'Nothing to show without a call.' }));
  light(null);
}

// ---- requests and TwiML

export function clearExchanges() {
  $('log').replaceChildren();
  $('log-empty').hidden = false;
}

export function exchange({ method, path, params, status, answer, took_us }) {
  const took = took_us < 10_000 ? `${(took_us / 1000).toFixed(1)} ms` : `${Math.round(took_us / 1000)} ms`;
  const code = element('span', { className: status === 200 || status === 204 ? 'ok' : 'bad', textContent: status || 'no answer' });
  const summary = element('summary', {}, element('code', { textContent: `${method} ${path}` }), ' ', code, ` ${took}`);
  const form = params.map(([name, value]) => `${name}=${value}`).join('\n');
  const part = (title, text) => [
    element('h3', { textContent: title }),
    element('pre', { tabIndex: 0, textContent: text || '(empty)', ariaLabel: title, role: 'group' }),
  ];
  const entry = element('details', { className: 'exchange' }, summary, ...part('Answer', answer), ...part('Sent', form));
  const log = $('log');
  for (const other of log.querySelectorAll('details[open]')) if (other.dataset.newest) other.open = false;
  for (const other of log.children) delete other.dataset.newest;
  entry.dataset.newest = 'yes';
  entry.open = true;
  log.prepend(entry);
  while (log.childElementCount > MOST_EXCHANGES) log.lastElementChild.remove();
  $('log-empty').hidden = true;
}

// ---- the map

// A picture of the tree, where this program draws one: ids `node-NAME`; the node that is heard lights up.
export async function map(which) {
  const answer = await fetch(`/phone/map.svg?which=${which}`).catch(() => null);
  // Its style comes from /phone/map.css: this page takes none from inside.
  const text = answer?.status === 200 ? (await answer.text()).replace(/<style>[^]*?<\/style>/, '') : '';
  const picture = text && new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  const known = picture?.nodeName === 'svg';
  $('map').replaceChildren(...(known ? [document.importNode(picture, true)] : []));
  $('map-card').hidden = !known;
}

function light(node) {
  for (const lit of $('map').querySelectorAll('.heard')) lit.classList.remove('heard');
  if (node) $('map').querySelector(`#${CSS.escape(`node-${node}`)}`)?.classList.add('heard');
}
