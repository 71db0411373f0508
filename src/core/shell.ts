import type { OperationStage } from '../shared/states.ts';

/** The one port through which core speaks outward. The editor, the CLI and the host's operations implement it once each. */
export interface Shell {
  log(line: string): void;
  /** Names the stage that runs now, or says more about it. */
  stage(name: string, change?: Partial<OperationStage>): void;
  readonly signal: AbortSignal;
}
