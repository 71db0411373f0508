/** Who runs in which folder now, so that none is taken away under a process whose working directory it is. */

interface Users {
  count: number;
  /** Where the folder lies since another took its place. */
  moved: string[];
}

export class FolderUsers {
  readonly #users = new Map<string, Users>();

  has(folder: string): boolean {
    return this.#users.has(folder);
  }

  /**
   * Somebody uses a folder until the returned function is called, once. `onLast` is called after the last one: with where the
   * folder was moved, and whether nobody uses what lies under its name now.
   */
  add(folder: string, onLast: (moved: readonly string[], isFree: boolean) => void): () => void {
    const users = this.#users.get(folder) ?? { count: 0, moved: [] };
    this.#users.set(folder, users);
    users.count += 1;
    return () => {
      users.count -= 1;
      if (users.count > 0) return;
      if (this.#users.get(folder) === users) this.#users.delete(folder);
      onLast(users.moved, !this.#users.has(folder));
    };
  }

  /** A folder was moved with all who use it; what comes in its place has no users yet. */
  move(folder: string, to: string): void {
    this.#users.get(folder)?.moved.push(to);
    this.#users.delete(folder);
  }
}
