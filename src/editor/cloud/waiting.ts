import * as vscode from 'vscode';
import { cancelled, type Outcome } from '../../shared/outcome.ts';

/** Shows that AWS is asked, until it has answered or the user cancels that. */
export async function waitingFor<T>(
  title: string,
  work: (signal: AbortSignal) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (_progress, cancellation) => {
    const abort = new AbortController();
    const cancelling = cancellation.onCancellationRequested(() => abort.abort());
    try {
      return await work(abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return cancelled();
      throw error;
    } finally {
      cancelling.dispose();
    }
  });
}
