import { projectId } from '../places.ts';

/** Ports below those that the systems give out by themselves. */
const FIRST_PORT = 21_000;
const PORTS = 10_000;

/** The port that a project's endpoints have unless it is taken. */
export function usualPort(project: string): number {
  return FIRST_PORT + (Number.parseInt(projectId(project).slice(0, 8), 16) % PORTS);
}
