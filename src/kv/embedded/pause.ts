import { EventEmitter, once } from 'node:events';

/** Holds the commits of one store back for as long as anyone asks for it. */
export class Pause {
  readonly #events = new EventEmitter().setMaxListeners(0);
  #askers = 0;
  #writing = false;

  /** Whether commits have to wait. */
  get asked(): boolean {
    return this.#askers > 0;
  }

  /** Resolves when nobody asks for a pause any more. */
  async over(): Promise<void> {
    while (this.asked) {
      await once(this.#events, 'over');
    }
  }

  /** Says that a batch is on its way to the disk. Only to be called while no pause is asked for. */
  beginWriting(): void {
    this.#writing = true;
  }

  endWriting(): void {
    this.#writing = false;
    this.#events.emit('still');
  }

  /** Asks for a pause. Calls `still` as soon as no batch is on its way. To be ended once, with what is returned. */
  ask(still: () => void): () => void {
    this.#askers++;
    void this.#callWhenStill(still);
    let ended = false;
    return () => {
      if (!ended) {
        ended = true;
        this.#askers--;
        this.#events.emit('over');
      }
    };
  }

  async #callWhenStill(still: () => void): Promise<void> {
    while (this.#writing) {
      await once(this.#events, 'still');
    }
    still();
  }
}
