import type { ImageLocks, ImagePlan } from './plan.ts';

/** A plan with what it installs resolved: all that building needs but the model. */
export interface ReadyImage {
  plan: ImagePlan;
  locks: ImageLocks;
}
