/** How long a host stays: as long as somebody needs it, and a while longer. */
export interface LeaseOptions {
  lingerEditorMs: number;
  lingerCliMs: number;
  /** Whether something runs that must not be interrupted: an operation, a request. */
  isBusy(): boolean;
  onEnd(): void;
}

export class Lease {
  readonly #options: LeaseOptions;
  #connections = 0;
  /** On the clock of `performance.now()`. */
  #until: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    // Whoever started the host connects at once; if not, nobody needs it.
    this.#until = performance.now() + Math.max(options.lingerEditorMs, 5000);
    this.#arm();
  }

  /** A client is connected; call the result once when it has left, with what it was. */
  open(): (kind: 'editor' | 'cli') => void {
    this.#connections += 1;
    return (kind) => {
      this.#connections -= 1;
      this.#extend(kind === 'editor' ? this.#options.lingerEditorMs : this.#options.lingerCliMs);
    };
  }

  /** An HTTP request came. */
  touch(): void {
    // The timer looks at this when it fires: nothing to do per request.
    this.#until = Math.max(this.#until, performance.now() + this.#options.lingerCliMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #extend(ms: number): void {
    this.#until = Math.max(this.#until, performance.now() + ms);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const left = this.#until - performance.now();
    this.#timer = setTimeout(() => this.#look(), Math.max(10, left));
  }

  #look(): void {
    if (performance.now() < this.#until) return this.#arm();
    if (this.#connections > 0) return;
    if (this.#options.isBusy()) {
      // When it ends is not told here; looking now and then is enough for a process that is going to leave.
      this.#extend(1000);
      return;
    }
    this.#options.onEnd();
  }
}
