import type { Snapshot } from '../snapshot.ts';

/** How often figures are noted while somebody asks for them, and how many of these notes are kept. */
const NOTE_EVERY_MS = 10_000;
const NOTES = 6;
/** Nobody has asked for so long: they are noted no more. */
const FORGET_AFTER_MS = 300_000;

/** Figures as of a moment, on a clock that never goes back. */
export interface Note {
  readonly at_ms: number;
  readonly snapshot: Snapshot;
}

/** The figures now, those of some ten seconds ago, and those of about a minute ago: what lies between is a window. */
export interface Recent {
  readonly now: Note;
  readonly before: Note;
  readonly minute_before: Note;
}

/** Before anything was counted. The clock begins with the process. */
const START: Note = { at_ms: 0, snapshot: { calls: [], families: [] } };

/** Keeps figures for as long as somebody asks for what has happened of late, and not before. */
export class RecentFigures {
  readonly #gather: () => Promise<Snapshot>;
  readonly #now_ms: () => number;
  #notes: Note[] = [];
  #asked_ms = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(gather: () => Promise<Snapshot>, now_ms: () => number = () => performance.now()) {
    this.#gather = gather;
    this.#now_ms = now_ms;
  }

  async look(): Promise<Recent> {
    const now = await this.#note();
    this.#asked_ms = now.at_ms;
    const notes = this.#notes;
    const before = notes.findLast(({ at_ms }) => now.at_ms - at_ms >= NOTE_EVERY_MS) ?? notes[0] ?? START;
    const minute_before = notes[0] ?? START;
    if (this.#timer === undefined) {
      this.#keep(now);
      this.#timer = setInterval(() => void this.#noteAgain(), NOTE_EVERY_MS).unref();
    }
    return { now, before, minute_before };
  }

  /** To be called when nobody can ask any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#notes = [];
  }

  async #note(): Promise<Note> {
    const snapshot = await this.#gather();
    return { at_ms: this.#now_ms(), snapshot };
  }

  async #noteAgain(): Promise<void> {
    if (this.#now_ms() - this.#asked_ms > FORGET_AFTER_MS) this.stop();
    else this.#keep(await this.#note());
  }

  #keep(note: Note): void {
    this.#notes.push(note);
    if (this.#notes.length > NOTES) this.#notes.shift();
  }
}
