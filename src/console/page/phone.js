// A telephone: keys, display, and the connection to the server, which knows everything else. Its clock is the call's.

import { $, clearExchanges, clearSaid, element, endSaid, exchange, finding, happened, here, map, nowhere, said } from '/phone/desk.js';
import { Ear, voices } from '/phone/ear.js';

const ear = new Ear();
const LETTERS = { 2: 'ABC', 3: 'DEF', 4: 'GHI', 5: 'JKL', 6: 'MNO', 7: 'PQRS', 8: 'TUV', 9: 'WXYZ', 0: '+' };
const NAMES = { '*': 'star', '#': 'hash' };
const COUNSELLORS = [
  ['answers', 'answers'],
  ['busy', 'is busy'],
  ['no_answer', 'does not answer'],
  ['declines', 'declines'],
  ['voicemail', 'a voicemail answers'],
  ['unreachable', 'cannot be reached'],
];

const call = {
  id: null,
  on: false, // from the green key to the end
  base: 0, // performance.now() at which the call's time was 0
  answered: null, // the call's time at the answer, in ms
  talking: false,
  bargeIn: false,
  sound: null, // what the caller hears now
  replaying: false,
  keys: '',
  languages: new Map(),
};
let lines = [];
let socket = null;
let lost = 0;

// ---- the connection

function connect() {
  socket = new WebSocket(`ws://${location.host}/phone/socket`);
  socket.onopen = () => {
    lost = 0;
    notice('');
    send({ do: 'offers' });
    const id = sessionStorage.getItem('call');
    if (id) send({ do: 'attach', call: id, voices: spoken() });
  };
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = () => {
    lost += 1;
    ear.stop();
    if (lost > 8) return notice('The program has stopped, or does not know this page any more. Start it and open the address it prints.');
    notice('Looking for the program …');
    setTimeout(connect, Math.min(250 * lost, 2000));
  };
}

function send(order) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(order));
}

function notice(words) {
  $('notice').textContent = words;
  $('notice').hidden = !words;
}

const spoken = () => ($('voice').checked ? voices() : []);
const callNow = () => performance.now() - call.base;
const seconds = (ms) => Math.max(0, ms - (call.answered ?? ms)) / 1000;

// ---- what the server tells

function take(event) {
  // Messages that are not of a call carry no time of it.
  if (!['offers', 'refused', 'text_answer', 'gone', 'taken'].includes(event.is)) call.base = performance.now() - event.now;
  told[event.is]?.(event);
}

const told = {
  offers: ({ lines: offered }) => {
    lines = offered;
    showLines();
  },
  called: (event) => {
    call.id = event.call;
    sessionStorage.setItem('call', event.call);
    call.on = true;
    call.languages = new Map(event.languages.map(({ tag, name }) => [tag, name]));
    $('line-name').textContent = `${event.hotline} · ${event.begins}`;
    state('Calling …');
    buttons();
  },
  replay: () => {
    reset();
    call.replaying = true;
  },
  replayed: ({ now }) => {
    call.replaying = false;
    const sound = call.sound;
    if (sound && now < sound.at_ms + sound.ms) hear(sound, now - sound.at_ms);
    buttons();
  },
  gone: () => {
    sessionStorage.removeItem('call');
    if (call.on) over('The call has ended.');
  },
  taken: () => {
    sessionStorage.removeItem('call');
    over('Another page has this call now.');
  },
  refused: ({ why }) => {
    call.on = false;
    state('Ready');
    notice(why);
    buttons();
  },
  answered: ({ now }) => {
    call.answered = now;
    state('In a call');
  },
  exchange: (event) => exchange(event),
  here: (event) => {
    call.talking = false;
    here(event, call.languages);
    if (call.answered != null) state('In a call');
  },
  sound: (event) => heard(event),
  stopped: ({ leg }) => {
    if (leg !== 'caller') return;
    ear.stop();
    call.sound = null;
    endSaid(true);
  },
  skipped: () => {
    ear.stop();
    call.sound = null;
    endSaid();
  },
  listening: (event) => {
    if (event.leg === 'caller') call.bargeIn = event.barge_in;
  },
  pressed: ({ key, now }) => {
    typed(key);
    happened(seconds(now), `key ${key}`, 'press');
  },
  rings: ({ now }) => {
    call.bargeIn = false;
    state('Ringing the counsellor');
    $('place').textContent = 'the counsellor’s telephone rings; keys do nothing';
    happened(seconds(now), 'The counsellor’s telephone rings.');
  },
  picks_up: ({ now }) => happened(seconds(now), 'The counsellor picks up.'),
  counsellor_pressed: ({ key, now }) => happened(seconds(now), `The counsellor presses ${key}.`),
  talk: ({ now }) => {
    call.talking = true;
    ear.stop();
    endSaid();
    state('Talking');
    $('place').textContent = 'caller and counsellor talk';
    happened(seconds(now), 'Caller and counsellor hear each other.', 'talk');
    buttons();
  },
  counsellor_gone: ({ status, now }) => {
    call.talking = false;
    ear.stop();
    happened(seconds(now), `The counsellor’s telephone: ${status}.`);
    buttons();
  },
  trouble: ({ words, now }) => happened(seconds(now), `A provider would note: ${words}`, 'bad'),
  ended: ({ why, now }) => {
    happened(seconds(now), `The call is over: ${why}.`);
    sessionStorage.removeItem('call');
    over('Call ended');
    send({ do: 'offers' });
  },
  text_answer: (event) => textAnswered(event),
};

function heard(event) {
  const now = seconds(event.at_ms);
  if (event.leg === 'counsellor') {
    if (event.words) said(now, event.words, { language: event.language, who: 'Counsellor hears:', prompts: event.prompts });
    return;
  }
  endSaid();
  call.sound = event;
  const left_ms = call.replaying ? 1 : event.ms;
  const { kind, words, language, prompts } = event;
  if (kind === 'say') {
    const mark = event.voiced ? 'spoken by this browser’s voice' : 'words only';
    said(now, words, { language, mark, prompts, left_ms });
  } else if (kind === 'play') {
    said(now, words ?? '(a recording)', { language, mark: 'recording', prompts, left_ms });
  } else if (kind === 'tones') happened(now, `tones ${event.tones}`);
  else if (kind === 'application_error') said(now, 'An application error has occurred. Goodbye.', { language: 'en', mark: 'the provider’s own words', left_ms });
  if (!call.replaying) hear(event, 0);
}

async function hear(event, since_ms) {
  const { kind, n } = event;
  $('handset').classList.toggle('speaking', kind === 'say');
  if (kind === 'play' && event.path) {
    if (!(await ear.play(event.path, since_ms / 1000))) happened(seconds(event.at_ms), 'The recording could not be fetched.', 'bad');
  } else if (kind === 'say' && event.voiced) ear.say(event.words, event.language, () => send({ do: 'voiced', n }));
  else if (kind === 'ringing') ear.ring();
  else if (kind === 'tones') ear.tones(event.tones);
  else ear.stop();
}

function over(words) {
  Object.assign(call, { on: false, id: null, talking: false, sound: null, bargeIn: false });
  ear.stop();
  endSaid();
  state(words);
  nowhere('No call.');
  buttons();
}

function reset() {
  Object.assign(call, { answered: null, talking: false, sound: null, bargeIn: false, keys: '' });
  $('typed').textContent = '\u00a0';
  clearSaid();
  clearExchanges();
  notice('');
}

// ---- the display

function state(words) {
  if ($('state').textContent !== words) $('state').textContent = words;
  $('handset').dataset.state = call.talking ? 'talking' : call.on ? 'on' : 'off';
  if (!call.on) $('handset').classList.remove('speaking');
}

function typed(key) {
  call.keys = (call.keys + key).slice(-14);
  $('typed').textContent = call.keys;
}

function buttons() {
  $('skip').disabled = $('silence').disabled = !call.on || call.talking;
  $('counsellor-hangs-up').hidden = !call.talking;
}

function tick() {
  if (call.on && call.answered != null) $('timer').textContent = `${Math.floor(seconds(callNow()))} s`;
}

// The earpiece shows that something is heard.
const still = matchMedia('(prefers-reduced-motion: reduce)');
function glow() {
  if (!still.matches) $('handset').style.setProperty('--level', ear.level().toFixed(2));
  requestAnimationFrame(glow);
}

// ---- the keys

function press(key) {
  ear.wake();
  ear.tone(key);
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  button?.classList.add('down');
  setTimeout(() => button?.classList.remove('down'), 120);
  if (texting()) return multiTap(key);
  if (!call.on) return typed(key);
  // The line will say so too; a caller hears at once that she was heard.
  if (call.bargeIn && call.sound) ear.stop();
  send({ do: 'press', key });
}

function green() {
  ear.wake();
  if (texting()) return sendText();
  if (call.on) return;
  reset();
  Object.assign(call, { on: true, id: null });
  $('timer').textContent = '0 s';
  state('Calling …');
  nowhere('The line is being called.');
  const language = $('language').value || null;
  send({ do: 'call', ...wish(), language, counsellor: counsellor(), voices: spoken() });
  buttons();
}

function red() {
  if (texting()) {
    $('body').value = '';
    counted();
    return;
  }
  if (call.on) send({ do: 'hang_up' });
  else {
    call.keys = '';
    $('typed').textContent = '\u00a0';
    state('Ready');
  }
}

function wish() {
  const at = $('setting').elements.when.value === 'at' && $('at').value ? $('at').value : null;
  const which = $('setting').elements.which?.value ?? 'line';
  return { which, at, closed: $('closed').checked };
}

const counsellor = () => $('setting').elements.counsellor.value;

function makeKeys() {
  const keys = [...'123456789*0#'].map((key) => {
    const letters = LETTERS[key] ?? '';
    const name = NAMES[key] ?? key;
    const button = element(
      'button',
      { type: 'button', className: 'key', ariaLabel: [name, ...(key === '0' ? ['plus'] : letters)].join(', ').replace(/([A-Z]), (?=[A-Z])/g, '$1 ') },
      element('span', { className: 'digit', ariaHidden: 'true', textContent: key }),
      element('span', { className: 'letters', ariaHidden: 'true' }),
    );
    button.dataset.key = key;
    // Drawn by the style sheet: the name of the key spells them, so that they are not read as a word.
    button.lastChild.dataset.letters = letters || '\u00a0';
    // A finger or a mouse is heard when it goes down; a keyboard and a screen reader click.
    button.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      button.dataset.pointed = 'yes';
      press(key);
    });
    button.addEventListener('click', () => {
      if (button.dataset.pointed) delete button.dataset.pointed;
      else press(key);
    });
    return button;
  });
  $('keys').append(...keys);
}

function typedOnKeyboard(event) {
  const at = event.target;
  const writing = at.matches?.('textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=range])');
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || writing) return;
  if (/^[0-9*#]$/.test(event.key)) {
    event.preventDefault();
    press(event.key);
  } else if (event.key === 'Escape') red();
  // On a button, a link or an opener Enter does what it does there.
  else if (event.key === 'Enter' && !at.closest?.('button, a, summary, input')) green();
}

// ---- texts

const texting = () => !$('screen-text').hidden;
const TAPS = { ...LETTERS, 1: '.,?!1', 0: ' 0', '*': '*', '#': '#' };
let tap = { key: null, at: 0, turn: 0 };

// As on a basic phone: 2 is A, 22 is B. The digit comes after its letters.
function multiTap(key) {
  const body = $('body');
  const letters = TAPS[key] + (key in LETTERS && key !== '0' ? key : '');
  const again = tap.key === key && performance.now() - tap.at < 900 && letters.length > 1;
  const turn = again ? (tap.turn + 1) % letters.length : 0;
  body.value = (again ? body.value.slice(0, -1) : body.value) + letters[turn];
  tap = { key, at: performance.now(), turn };
  counted();
}

function counted() {
  const left = 160 - $('body').value.length;
  $('count').textContent = left >= 0 ? `${left} left` : `${-left} over one part`;
}

function sendText() {
  const body = $('body').value.trim();
  if (!body) return;
  message('mine', body);
  $('body').value = '';
  counted();
  send({ do: 'text', ...wish(), body });
}

function textAnswered({ words, parts, units, encoding }) {
  if (words == null) return message('none', 'Nothing is answered.');
  message('theirs', words, element('span', { className: 'mark', textContent: `${parts} ${parts === 1 ? 'part' : 'parts'}, ${units} ${encoding === 'GSM-7' ? 'septets' : 'units'}, ${encoding}` }));
}

function message(kind, ...words) {
  const thread = $('thread');
  thread.querySelector('.hint')?.remove();
  const bubble = element('p', { className: `bubble ${kind}` }, ...words);
  thread.append(bubble);
  while (thread.childElementCount > 40) thread.firstElementChild.remove();
  thread.scrollTop = thread.scrollHeight;
}

function showTab(name) {
  for (const tab of ['call', 'text']) {
    const chosen = tab === name;
    $(`tab-${tab}`).ariaSelected = String(chosen);
    $(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    $(`screen-${tab}`).hidden = !chosen;
  }
  $('green').ariaLabel = name === 'text' ? 'Send' : 'Call';
  $('red').ariaLabel = name === 'text' ? 'Clear' : 'Hang up';
}

// ---- what is chosen

function showLines() {
  const { which } = wish();
  const choice = (line) => {
    const input = element('input', { type: 'radio', name: 'which', value: line.which, disabled: line.errors.length > 0 });
    input.checked = line.which === which && !input.disabled;
    return element('label', {}, input, ` ${line.label}`);
  };
  $('which-list').replaceChildren(...lines.map(choice));
  if (!$('which-list').querySelector(':checked')) $('which-list').querySelector('input').checked = true;
  $('which').hidden = lines.length < 2;
  const wrong = lines.find((line) => line.errors.length > 0);
  const errors = wrong ? wrong.errors.map(finding) : [];
  if (wrong) errors.unshift(element('p', { className: 'quiet', textContent: `${wrong.label}: cannot be called before this is mended.` }));
  if (wrong?.more) errors.push(element('p', { className: 'quiet', textContent: `and ${wrong.more} more` }));
  $('errors').replaceChildren(...errors);
  $('errors').hidden = !wrong;
  showChosen();
}

function showChosen() {
  const { which } = wish();
  const line = lines.find((one) => one.which === which);
  const chosen = $('language').value;
  const name = (tag) => new Intl.DisplayNames(['en'], { type: 'language' }).of(tag);
  const options = (line?.languages ?? []).map((tag) => element('option', { value: tag, textContent: `${name(tag)} (${tag})` }));
  $('language').replaceChildren(element('option', { value: '', textContent: 'the caller chooses' }), ...options);
  $('language').value = line?.languages.includes(chosen) ? chosen : '';
  map(which);
  noteVoices();
}

function noteVoices() {
  const have = new Set(voices());
  const languages = lines.find((line) => line.which === wish().which)?.languages ?? [];
  const without = languages.filter((tag) => !have.has(tag));
  $('voice-choice').hidden = have.size === 0;
  $('voice-note').hidden = without.length === 0;
  $('voice-note').textContent = `This browser has no voice for ${without.join(', ')}: where no recording exists the words are shown for as long as saying them takes.`;
}

function nextKingsDay() {
  const now = new Date();
  const year = now.getFullYear() + (now.getMonth() > 3 || (now.getMonth() === 3 && now.getDate() >= 27) ? 1 : 0);
  $('setting').elements.when.value = 'at';
  $('at').disabled = false;
  $('at').value = `${year}-04-27T02:30`;
}

// ---- begin

makeKeys();
$('counsellors').append(
  ...COUNSELLORS.map(([value, words], at) =>
    element('label', {}, element('input', { type: 'radio', name: 'counsellor', value, checked: at === 0 }), ` ${words}`),
  ),
);
$('green').addEventListener('click', green);
$('red').addEventListener('click', red);
$('skip').addEventListener('click', () => send({ do: 'skip' }));
$('silence').addEventListener('click', () => send({ do: 'silence' }));
$('counsellor-hangs-up').addEventListener('click', () => send({ do: 'counsellor_hangs_up' }));
$('volume').addEventListener('input', ({ target }) => (ear.volume = target.value / 100));
$('body').addEventListener('input', counted);
$('king').addEventListener('click', nextKingsDay);
$('setting').addEventListener('submit', (event) => event.preventDefault());
$('setting').addEventListener('change', ({ target }) => {
  if (target.name === 'when') $('at').disabled = target.value !== 'at';
  if (target.name === 'counsellor') send({ do: 'counsellor', does: counsellor() });
  if (target.name === 'which') showChosen();
});
for (const name of ['call', 'text']) {
  $(`tab-${name}`).addEventListener('click', () => showTab(name));
  $(`tab-${name}`).addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = name === 'call' ? 'text' : 'call';
    showTab(other);
    $(`tab-${other}`).focus();
  });
}
document.addEventListener('keydown', typedOnKeyboard);
document.addEventListener('pointerdown', () => ear.wake(), { capture: true });
if ('speechSynthesis' in globalThis) speechSynthesis.addEventListener?.('voiceschanged', noteVoices);
// A folder may have been saved meanwhile.
addEventListener('focus', () => send({ do: 'offers' }));
setInterval(tick, 250);
requestAnimationFrame(glow);
connect();

// For whoever wants to measure.
globalThis.hulplijn = { ear, call };
