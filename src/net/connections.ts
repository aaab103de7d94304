import type { Socket } from 'node:net';

/** The connections that are open, whichever protocol they speak. */
export class Connections {
  readonly #open = new Set<Socket>();
  #whenNone: (() => void)[] = [];

  get count(): number {
    return this.#open.size;
  }

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size > 0) return;
      for (const tell of this.#whenNone.splice(0)) tell();
    });
  }

  /** Resolves when none is open. */
  ended(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenNone.push(resolve));
  }

  /** Ends all at once, whatever is in flight on them. */
  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
