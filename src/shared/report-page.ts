/** What a page with a report shows, and what it can ask for. */
import type { CostCard } from './cost.ts';
import type { SweepReport } from './sweep.ts';

/** What is told of an image. Bytes each. */
export interface ImageFacts {
  reference: string;
  /** `sha256:…`. */
  id: string;
  bytes: number;
  layers: { title: string; bytes: number }[];
  packages: { name: string; version: string; bytes: number; zip?: string }[];
  slimming: { step: string; before: number; after: number; kept: boolean; why?: string }[];
  leftBytes: number;
  zip: { bytes: number; limitBytes: number };
  verdict: 'zip' | 'container';
  why: string;
}

/** Sizes here have MB of 1,000,000 bytes, and AWS's pages other ones: said once, beside its limits. */
export const AWS_UNITS =
  'A MB of AWS has 1,048,576 bytes: its limits of 250 MB for a zip (262,144,000 bytes) and 10 GB for an image are 262 MB and 10,737 MB here.';

export type ReportContent =
  | { kind: 'image'; image: ImageFacts }
  | { kind: 'sweep'; sweep: SweepReport }
  /** `canSweep`: the deployment runs an image. */
  | { kind: 'cost'; cost: CostCard; canSweep: boolean };

export interface ReportDocument {
  /** `sentiment/docker`. */
  name: string;
  /** BCP 47. */
  locale: string;
  content: ReportContent;
}

/** From the page: it listens now; or one of its buttons was pressed. */
export type ReportRequest = 'ready' | 'dockerfile' | 'sweep' | 'report' | 'cost';

/** What a slimming step takes out, for people; a step of a newer image is called by its own name. */
export function slimmedText(step: string): string {
  return SLIMMED[step] ?? step;
}

const SLIMMED: Readonly<Record<string, string>> = {
  installers: 'installers',
  tests: "packages' own tests",
  sources: 'C sources',
  strip: 'symbols',
};
