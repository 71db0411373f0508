import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { detectMarkers } from '../../../src/core/detect/markers.ts';

const root = path.join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const { contributes } = manifest;
const sources = ['src', 'webview'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: path.join(folder, file), text: read(path.join(folder, file)) })),
);
const editor = sources.filter(({ file }) => /^src\/(editor\/|extension\.ts)/.test(file)).map(({ text }) => text);
const manifestText = JSON.stringify(manifest);

/** Every match of a pattern's first group, once, sorted. */
function found(pattern: RegExp, texts: string[]): string[] {
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!)))].toSorted();
}

const commands: { command: string; enablement?: string; title: string }[] = contributes.commands;
const ids = commands.map(({ command }) => command).toSorted();
const menuItems: { command?: string; submenu?: string; when?: string; group?: string }[] = Object.values(
  contributes.menus,
).flat() as never;

const completionEvents: string[] = contributes.walkthroughs.flatMap(
  ({ steps }: { steps: { completionEvents: string[] }[] }) => steps.flatMap((step) => step.completionEvents),
);

describe('package.json and the code', () => {
  it('name the same commands, and the same ones need a trusted workspace', () => {
    const table = read('src/editor/commands/commands.ts');
    const inCode = new Map(
      [...table.matchAll(/'(nimbus\.\w+)': \{\s*trusted: (true|false)/g)].map((match) => [match[1]!, match[2]!]),
    );
    assert.deepEqual([...inCode.keys()].toSorted(), ids);
    for (const { command, enablement } of commands) {
      assert.equal(inCode.get(command), String(enablement === 'isWorkspaceTrusted'), command);
    }
  });

  it('run only commands that exist', () => {
    const used = found(/["'](nimbus\.\w+)["']/g, [
      JSON.stringify(contributes.menus),
      ...sources.map(({ text }) => [...text.matchAll(/(?:command:|executeCommand\()\s*'[^']+'/g)].join('\n')),
    ]).filter((name) => !contributes.submenus.some(({ id }: { id: string }) => id === name));
    assert.ok(used.length > 10);
    const linked = found(/command:(nimbus\.\w+)/g, [
      read('package.nls.json'),
      JSON.stringify(contributes.walkthroughs),
    ]);
    const keys = new Set(['nimbus.modelFolders', 'nimbus.hasImages', 'nimbus.hasCloud', 'nimbus.hasGhosts']);
    for (const command of [...used, ...linked]) {
      assert.ok(ids.includes(command) || keys.has(command), command);
    }
  });

  it('show every command in a menu or the palette', () => {
    const hidden = new Set(
      contributes.menus.commandPalette.filter(({ when }: { when: string }) => when === 'false').map(commandOf),
    );
    for (const id of hidden) {
      const elsewhere = menuItems.filter((item) => item.command === id && item.when !== 'false');
      assert.ok(elsewhere.length > 0, `${id} is nowhere`);
    }
  });

  it('name the same view, panel and container', () => {
    const views = Object.values<{ id: string }[]>(contributes.views).flat();
    assert.deepEqual(
      views.map(({ id }) => id),
      found(/createTreeView(?:<\w+>)?\('([^']+)'/g, editor),
    );
    assert.deepEqual(
      Object.keys(contributes.views),
      contributes.viewsContainers.activitybar.map(({ id }: { id: string }) => id),
    );
    const panels = found(/registerWebviewPanelSerializer\('([^']+)'/g, editor);
    assert.deepEqual(panels, found(/PLAYGROUND_VIEW_TYPE = '([^']+)'/g, editor));
    for (const panel of panels) assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${panel}`));
  });

  it('name the same settings, each with a scope, a default and a sentence', () => {
    const settings: Record<string, Record<string, unknown>> = contributes.configuration.properties;
    const readInCode = found(/['"]((?:aws|cost|docker|host|image|local|packages|playground)\.\w+)['"]/g, editor).filter(
      (name) => !/\.(css|js)$/.test(name),
    );
    assert.deepEqual(
      Object.keys(settings).toSorted(),
      readInCode.map((name) => `nimbus.${name}`),
    );
    const sentences = JSON.parse(read('package.nls.json'));
    for (const [name, setting] of Object.entries(settings)) {
      assert.ok('default' in setting && 'scope' in setting, name);
      const sentence = sentences[String(setting['markdownDescription']).slice(1, -1)];
      assert.match(sentence, /^[A-Z].*\.$/s, name);
    }
  });

  it('set and read the same context keys', () => {
    const whens = [
      ...[...menuItems, ...contributes.viewsWelcome].map(({ when }) => when ?? ''),
      ...completionEvents.filter((event) => event.startsWith('onContext:')),
    ];
    const keys = found(/\b(nimbus\.\w+)\b/g, whens).filter((key) => key !== 'nimbus.models');
    assert.deepEqual(keys, found(/'setContext',\s*'([^']+)'/g, editor));
  });

  it('tick every step of the walkthrough by something that happens', () => {
    const ownKeys = found(/'setContext',\s*'([^']+)'/g, editor);
    const known = new Set(ownKeys);
    for (const { id, completionEvents: events } of contributes.walkthroughs[0].steps) {
      assert.ok(events.length > 0, id);
      for (const event of events) {
        const [kind, what] = event.split(':');
        assert.ok(kind === 'onContext' ? known.has(what) : kind === 'onCommand' && ids.includes(what), event);
      }
    }
  });

  it('have menus for every kind of row, and no menu for a kind that there is not', () => {
    const rows = read('src/editor/tree/rows.ts');
    const states = found(/'(\w+)'/g, [/export type State =\s([^;]+);/.exec(read('src/shared/states.ts'))![1]!]);
    const documents = ['invalid', 'conflict', 'newer', 'legacy'];
    const expand = (context: string): string[] =>
      context.startsWith('deployment:${')
        ? states.flatMap((state) => ['', ':image', ':cloud'].map((suffix) => `deployment:${state}${suffix}`))
        : context.startsWith('problem:${')
          ? documents.map((kind) => `problem:${kind}`)
          : [context];
    const kinds = [
      ...found(/context: ['`]([^'`]+)['`]/g, [rows]).flatMap(expand),
      ...found(/\? '(model:\w+)' : '/g, [rows]),
      ...found(/ : '(model:\w+)'/g, [rows]),
    ];
    const tests = contributes.menus['view/item/context'].map(({ when }: { when: string }) => matcher(when));
    for (const kind of kinds)
      assert.ok(
        tests.some((test: RegExp) => test.test(kind)),
        `no menu for ${kind}`,
      );
    for (const test of tests)
      assert.ok(
        kinds.some((kind) => test.test(kind)),
        `no row matches ${test}`,
      );
    // What is offered for a deployment is offered for one that runs an image.
    for (const test of tests)
      for (const state of states) if (test.test(`deployment:${state}`)) assert.match(`deployment:${state}:image`, test);
  });

  it('offer for what runs on AWS nothing that only this machine can do', () => {
    const offered = contributes.menus['view/item/context'].filter(({ when }: { when: string }) =>
      matcher(when).test('deployment:serving:cloud'),
    );
    const names = new Set(
      offered.map(({ command, submenu }: { command?: string; submenu?: string }) => command ?? submenu),
    );
    for (const name of ['start', 'stop', 'forceCold', 'selectInterpreter', 'buildImage'])
      assert.ok(!names.has(`nimbus.${name}`), name);
    for (const name of ['openPlayground', 'compareDeployments', 'copyAs', 'copyApiKey', 'redeploy', 'remove'])
      assert.ok(names.has(`nimbus.${name}`), name);
  });

  it('offer nothing that changes an entry which needs a newer Nimbus', () => {
    for (const { command, when } of contributes.menus['view/item/context']) {
      if (command !== 'nimbus.openModelsFile') assert.doesNotMatch('deployment:later', matcher(when), command);
    }
  });

  it('offer the Explorer’s menu for the files that the detectors look at', () => {
    const when = contributes.menus['explorer/context'][0].when as string;
    const source = /resourceFilename =~ \/(.*?)\/i/.exec(when)![1]!;
    const offered = new RegExp(source, 'i');
    assert.equal(detectMarkers.extensions.length, 40);
    for (const extension of detectMarkers.extensions) assert.match(`model${extension}`, offered);
    assert.match('My Model.PKL.GZ', offered);
    for (const other of ['data.gz', 'a.csv.xz', 'pkl', 'notes.pkl.txt', 'archive.tar.gz'])
      assert.doesNotMatch(other, offered);
    const { words, extensions: endings } = detectMarkers.named;
    const named = `resourceFilename =~ /(${words.join('|')}).*\\.(${endings.map((one) => one.slice(1)).join('|')})$/i`;
    assert.ok(when.includes(named), named);
    const exact = `resourceFilename =~ /^(${detectMarkers.exact.map((one) => one.replace('.', '\\.')).join('|')})$/i`;
    assert.ok(when.includes(exact), exact);
  });

  it('translate every text, and have no text that nothing shows', () => {
    const texts = JSON.parse(read('package.nls.json'));
    assert.deepEqual(found(/%([\w.]+)%/g, [manifestText]), Object.keys(texts).toSorted());
  });

  it('name files that exist', () => {
    const files = found(/"((?:\.\/)?media\/[^"]+)"/g, [manifestText]);
    assert.ok(files.length > 5);
    for (const file of files) assert.ok(read(file).length > 0, file);
  });
});

function commandOf({ command }: { command: string }): string {
  return command;
}

/** What a menu's `when` asks of the row's context value. */
function matcher(when: string): RegExp {
  const equal = /viewItem == (\S+)/.exec(when)?.[1];
  if (equal !== undefined) return new RegExp(`^${equal}$`);
  return new RegExp(/viewItem =~ \/(.+)\/$/.exec(when)![1]!);
}
