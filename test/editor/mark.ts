/** Begins what the tests print inside the extension host, so that run.ts tells it from VS Code's own messages. */
export const OUTPUT_MARK = 'nimbus tests: ';
