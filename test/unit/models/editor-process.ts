// A process that edits models.json: `node editor-process.ts PROJECT PREFIX COUNT`. It adds COUNT models one by one
// (without end for 0) and prints a line after each.
import { editModels, setModel } from '../../../src/core/models/edit.ts';

const [project = '', prefix = '', count = '0'] = process.argv.slice(2);
for (let number = 1; count === '0' || number <= Number(count); number++) {
  const name = count === '0' ? `${prefix}-${number % 50}` : `${prefix}-${number}`;
  const result = await editModels(project, setModel(name, { path: `models/${number}.pkl`, framework: 'sklearn' }));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  process.stdout.write(`${name}\n`);
}
