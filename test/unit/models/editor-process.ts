// A process that edits models.json: `node editor-process.ts PROJECT PREFIX COUNT`. It sets models one by one, 50 names
// in turn (COUNT may be Infinity), and prints a line after each.
import { editModels, setModel } from '../../../src/core/models/edit.ts';

const [project = '', prefix = '', count = ''] = process.argv.slice(2);
const times = Number(count);
for (let number = 1; number <= times; number++) {
  const name = `${prefix}-${number % 50}`;
  const result = await editModels(project, setModel(name, { path: `models/${number}.pkl`, framework: 'sklearn' }));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  process.stdout.write(`${name}\n`);
}
