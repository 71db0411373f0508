// docs/editor.md, made from package.json: the commands and the settings, so that neither can go stale.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

const INTRODUCTION = `# In the editor

Nimbus adds **Deploy Model** to the Explorer's context menu, the **Models** view to the activity bar, and the commands
below to the palette. [How deploying works](deploy.md), [what the playground's times mean](latency.md).

The **Models** view shows every model of the workspace's models.json with its deployments: what answers, where, and what
needs attention. Hover over a row for its URL, version and Python; right-click it for what can be done. Dropping a file
or folder on its rows, or below them, deploys it.

In the **playground**, Ctrl+Enter (Cmd+Enter) sends. The input keeps the focus; the answer and the phases of its time
appear beside and below it. Every request stays in the history, also over a reload of the window and while the tab is
closed: then in memory only, until the window is closed. 1,500 requests of each deployment are kept (over a reload or a
closed tab about 1 MB of them), and below the history it says how many are gone. Repeat sends the same input many times, one after another. A
table's row is entered in a form made from the model's columns, parameters in one made from those that its card declares.
**Predict Selection** sends the selected text to a deployment whose model takes text, with the parameters that stand in
its playground: what was sent before, or the example's. Where one is missing, the playground shows which.

**Compare Deployments** opens the playground on two deployments of a model: the same input, both answers, both times on
one scale, and [whether they agree](compare.md).

**Select Interpreter** lists every Python that Nimbus finds, in [its order](environments.md), with what of the model's
needs is missing or differs, the managed environment, and what was skipped and why.

**Show Image Report**, **Open Dockerfile** and **Memory Sweep** are on deployments [in Docker](docker.md), in their menu
and in the palette; **Build Image** builds the image of any model without deploying it. A [sweep](memory.md) runs the image
at several memory sizes and shows what each costs; the last one of a model is shown again without running. **Show Cost**
is on every deployment: [a month's bill on AWS Lambda](cost.md), and from which traffic a server costs no more.

**Deploy Model** to [AWS Lambda](aws.md) shows in its overview whose account it would be in; another profile of the AWS configuration,
another region and who may call are chosen there. The image is then built and answers on this machine, and the plan says
what would be made in AWS: nothing is there before you agree. The row shows how far it is; its menu has the log and Cancel.
**Copy API Key** is for the code that **Copy as** makes, which takes the key from \`NIMBUS_API_KEY\`.
The rows of such deployments say what AWS says, and **Compare With AWS**, **Roll Back**, **Adopt** and **Delete From AWS** are
there for [living with them](aws.md#in-the-editor).

**Push to Registry** and **Eject** are there too: the image goes to a registry, or to a folder that builds it without
Nimbus. **Clean Up**, in the view's menu, frees what no deployment uses any more ([both](registry.md)).

**Remove** ends a deployment; on the row of a model that has several it takes all of them, and the entry in models.json. It
names what goes, also from AWS, before anything does. The model's files stay.

**Show Logs** follows what a model prints, also after its host was started again. A failed deploy has **Show Log**, in its
notification and on its row.
`;

const read = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

/** @returns {string} the whole page */
export function editorReference() {
  const { contributes } = read('package.json');
  const texts = read('package.nls.json');
  const say = (text = '') => {
    const found = texts[/^%(.+)%$/.exec(text)?.[1]] ?? text;
    return (typeof found === 'string' ? found : found.message).replaceAll('|', '\\|').replaceAll('\n', ' ');
  };
  const hidden = new Set(
    (contributes.menus.commandPalette ?? []).filter(({ when }) => when === 'false').map(({ command }) => command),
  );
  const commands = contributes.commands
    .filter(({ command }) => !hidden.has(command))
    .map(({ command, title }) => `| **Nimbus: ${say(title)}** | \`${command}\` |`);
  const settings = [contributes.configuration]
    .flat()
    .flatMap(({ properties }) =>
      Object.entries(properties).map(
        ([name, { default: usual, scope, description, markdownDescription }]) =>
          `| \`${name}\` | ${say(markdownDescription ?? description)} | \`${JSON.stringify(usual)}\` | ${scope} |`,
      ),
    );
  const table = (head, rows) => [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
  return [
    INTRODUCTION,
    `## Commands\n${table(['command', 'id'], commands)}\n`,
    `## Settings\n${table(['setting', 'what it does', 'default', 'scope'], settings)}\n`,
  ].join('\n');
}
