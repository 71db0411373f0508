/** A window as the host sees one: `node client-process.ts PROJECT PLAN` runs the plan, prints its id and stays. */
import process from 'node:process';
import { connectHost } from '../../src/core/host/client.ts';

const [project = '', plan = ''] = process.argv.slice(2);
const connected = await connectHost({ project, kind: 'editor' });
if (!connected.ok) throw new Error(connected.error.what);
const started = await connected.value.api.execute(JSON.parse(plan));
if (!started.ok) throw new Error(started.error.what);
console.log(started.value.id);
