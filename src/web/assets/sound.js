// The second path of sound; the daemon is the first. Rhythm tells cues apart before pitch does.
// Browsers keep a page silent until it was touched: then this path is muted, which is no error.

/** Per cue: notes with start and length in ms, tones in Hz (`to`: glide), and loudness. */
const CUES = {
  item_ok: { gain: 0.25, notes: [note(0, 70, [1200, 2400])] },
  line_complete: { gain: 0.25, notes: [note(0, 60, [1000]), note(60, 60, [1500])] },
  parcel_done: {
    gain: 0.3,
    notes: [note(0, 80, [800]), note(80, 80, [1000]), note(160, 80, [1300])],
  },
  warn: { gain: 0.35, notes: [note(0, 120, [900, 1800]), note(200, 120, [900, 1800])] },
  stop: { gain: 0.6, notes: [0, 330, 660].map((at) => note(at, 250, [1100, 2200, 3300], 600)) },
  device: { gain: 0.12, notes: [note(0, 200, [700]), note(200, 200, [1000])] },
};

/** The stop cue repeats until the stop is cleared. */
export const STOP_REPEAT_MS = 2000;
const FADE_S = 0.025;

function note(at, ms, tones, to) {
  return { at, ms, tones, to };
}

let context = null;

/** Wakes the sound after a touch, and says on the page whether it can be heard. */
export function wake() {
  context ??= "AudioContext" in window ? new AudioContext() : null;
  if (context?.state === "suspended") context.resume().catch(() => {});
  tell();
  context?.addEventListener("statechange", tell);
}

function tell() {
  document.documentElement.dataset.sound = context?.state === "running" ? "on" : "muted";
}

/** Plays a cue now, if the browser lets it be heard. */
export function play(cue) {
  const wanted = CUES[cue];
  wake();
  if (!wanted || context?.state !== "running") return;
  const begin = context.currentTime + 0.01;
  for (const part of wanted.notes) sing(part, begin + part.at / 1000, wanted.gain);
}

function sing(part, start, gain) {
  const end = start + part.ms / 1000;
  const envelope = context.createGain();
  envelope.gain.setValueAtTime(0, start);
  // The long stop notes swell to their peak late; a full blow at once makes people flinch.
  const rise = part.to ? 0.2 : FADE_S;
  envelope.gain.linearRampToValueAtTime(gain, start + rise);
  envelope.gain.setValueAtTime(gain, Math.max(start + rise, end - FADE_S));
  envelope.gain.linearRampToValueAtTime(0, end);
  envelope.connect(context.destination);
  part.tones.forEach((tone, harmonic) => {
    const voice = context.createOscillator();
    const share = context.createGain();
    share.gain.value = 1 / (harmonic + 1) / part.tones.length;
    voice.frequency.setValueAtTime(tone, start);
    if (part.to) voice.frequency.linearRampToValueAtTime(part.to * (harmonic + 1), end);
    voice.connect(share).connect(envelope);
    voice.start(start);
    voice.stop(end + 0.02);
  });
}
