/** The name of the folder that an eject fills before it has the name that was asked for. */
import { randomBytes } from 'node:crypto';

export const EJECTING = /\.nimbus-[0-9a-f]{8}$/;

export function ejectingName(): string {
  return `.nimbus-${randomBytes(4).toString('hex')}`;
}
