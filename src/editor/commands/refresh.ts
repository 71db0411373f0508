import type { Editor } from '../editor.ts';

/** Reads models.json again and reaches for hosts that ended. */
export async function refresh(editor: Editor): Promise<void> {
  await editor.store.refresh();
  editor.refreshView();
}
