import assert from 'node:assert/strict';
import { existsSync, mkdirSync, truncateSync } from 'node:fs';
import { describe, it } from 'mocha';
import { DetectFiles, TORCH_WRITER } from './files.ts';

/** Python that writes an exported program whose description holds `more`. */
const EXPORT = `${TORCH_WRITER}
import json
def export(file, more=None, version=None, **others):
    description = {'graph_module': {'graph': {'nodes': [
        {'target': 'torch.ops.aten.linear.default', 'inputs': [], 'outputs': []}, *(more or [])]}}, **({'torch_version': version} if version else {})}
    config = {'config': {'w': {'path_name': 'weight_0', 'is_param': True, 'use_pickle': False}}}
    inner = io.BytesIO()
    archive(inner, ((tensor(),), {}))
    archive(file, **{'models/model.json': json.dumps(description), 'archive_format': 'pt2',
        'data/weights/model_weights_config.json': json.dumps(config), 'data/weights/weight_0': bytes([128, 2]) * 8,
        'data/sample_inputs/model.pt': inner.getvalue(), **others})
`;

describe('telling a program of PyTorch', () => {
  const { at, write, python, found, refused } = new DetectFiles();

  it('is TorchScript, alone or with labels beside it', async () => {
    mkdirSync(at('flowers'));
    python(`${TORCH_WRITER}\nscript('flowers/My Net.pt')\nscript('net.ts')`);
    assert.deepEqual(await found(at('flowers/My Net.pt')), {
      framework: 'torch',
      path: at('flowers/My Net.pt'),
      suggestedName: 'my-net',
      summary: 'PyTorch TorchScript program',
      requirements: ['torch'],
      risk: { kind: 'none' },
    });
    assert.equal((await found(at('net.ts'))).framework, 'torch');
    write('flowers/labels.txt', 'a\nb\n');
    const labelled = await found(at('flowers/My Net.pt'));
    assert.equal(labelled.path, at('flowers'));
    assert.equal(labelled.suggestedName, 'flowers');
    assert.equal(labelled.summary, 'PyTorch TorchScript program, with labels');
    assert.equal((await found(at('flowers'))).suggestedName, 'flowers');
    // A folder with other models is not copied with each of them.
    write('flowers/other.onnx', 'x');
    const left = await found(at('flowers/My Net.pt'));
    assert.equal(left.path, at('flowers/My Net.pt'));
    assert.match(left.summary, /the labels beside it are not used, since other models or folders are there too/);
  });

  it('is what torch.export writes', async () => {
    python(`${EXPORT}\nexport('net.pt2')`);
    const { summary, risk } = await found(at('net.pt2'));
    assert.equal(summary, 'PyTorch exported program (torch.export)');
    assert.deepEqual(risk, { kind: 'none' });
  });

  it('says which PyTorch wrote an exported program, without the machine it was built for', async () => {
    python(`${EXPORT}
for name, version in (('cuda', '2.9.1+cu128'), ('plain', '2.6.0'), ('source', '2.9.0a0+git1a2b'), ('none', None), ('odd', 7)):
    export(name + '.pt2', version=version)`);
    const saidBy = async (name: string): Promise<unknown> => (await found(at(`${name}.pt2`))).captured;
    const fact = (name: string, versions: string) => [
      { package: 'torch', kind: 'exact', versions, from: `torch_version in ${name}.pt2` },
    ];
    assert.deepEqual(await saidBy('cuda'), fact('cuda', '2.9.1'));
    assert.deepEqual(await saidBy('plain'), fact('plain', '2.6.0'));
    for (const name of ['source', 'none', 'odd']) assert.equal(await saidBy(name), undefined, name);
  });

  it('answers weights and pickled modules with what they lack', async () => {
    python(`${TORCH_WRITER}
from collections import OrderedDict
archive('weights.pt', OrderedDict(w=tensor()))
legacy = b''.join([pickle.dumps(0x1950a86a20f9469cfc6c, 2), pickle.dumps(1001, 2), pickle.dumps({'little_endian': True}, 2),
    dumps({'w': tensor()}), pickle.dumps(['0'], 2), bytes(24)])
open('older.pth', 'wb').write(legacy)
archive('renamed.bin', {'w': tensor()})
archive('pickled.pkl', {'w': tensor()})
net = cls('my_project.nets', 'Net')()
net.layer = cls('torch.nn.modules.linear', 'Linear')()
archive('module.pt', net)`);
    for (const name of ['weights.pt', 'older.pth', 'renamed.bin', 'pickled.pkl']) {
      const error = await refused(at(name));
      assert.equal(error.code, 'weights-only', name);
      assert.match(error.what, /weights without an architecture/);
      assert.match(error.next!, /handler\.py beside it[\s\S]*def load\(path\)[\s\S]*weights_only=True/);
    }
    const module = await refused(at('module.pt'));
    assert.equal(module.code, 'module-pickled');
    assert.match(module.why!, /my_project\.nets\.Net, torch\.nn\.modules\.linear\.Linear/);
    write('handler.py', '');
    assert.match((await refused(at('weights.pt'))).next!, /Deploy the folder/);
  });

  it('warns of pickles that would run something, and runs nothing of them', async () => {
    python(`${TORCH_WRITER}
archive('evil.pt', {'w': tensor(), 'more': Call(os.system, 'touch ran')})
script('evil-script.pt', value={'w': Call(os.system, 'touch ran')})
script('files.pt', code='def forward(self):\\n  return torch.from_file("/etc/passwd", False, 10)\\n')
open('older.pt', 'wb').write(b''.join([pickle.dumps(0x1950a86a20f9469cfc6c, 2), pickle.dumps(1001, 2),
    pickle.dumps({}, 2), dumps(Call(os.system, 'touch ran')), pickle.dumps([], 2)]))
nested = io.BytesIO(); archive(nested, Call(os.system, 'touch ran'))
archive('loads.pt', Call(cls('torch.storage', '_load_from_bytes'), nested.getvalue()))`);
    for (const name of ['evil.pt', 'older.pt', 'loads.pt']) {
      const error = await refused(at(name));
      assert.equal(error.code, 'model-dangerous', name);
    }
    for (const name of ['evil-script.pt', 'files.pt']) {
      assert.equal((await found(at(name))).risk.kind, 'dangerous-globals', name);
    }
    assert.equal(existsSync(at('ran')), false);
  });

  it('looks into everything that torch.export unpickles, calls or evaluates', async () => {
    python(`${EXPORT}
evil = io.BytesIO(); archive(evil, Call(os.system, 'touch ran'))
export('sample.pt2', **{'data/sample_inputs/model.pt': evil.getvalue()})
export('object.pt2', **{'data/constants/opaque_obj_0': pickle.dumps(Call(os.system, 'touch ran'), 2)})
for name in ('weights/model_weights_config.json', 'constants/model_constants_config.json'):
    config = json.dumps({'config': {'w': {'path_name': 'weight_0', 'use_pickle': True}}})
    export('pickled-%s.pt2' % name.split('/')[0], **{'data/' + name: config,
        'data/weights/weight_0': pickle.dumps(Call(os.system, 'touch ran'), 2)})
export('target.pt2', [{'target': 'torch.os.system', 'inputs': [], 'outputs': []}])
export('reads.pt2', [{'target': 'torch.ops.aten.from_file.default', 'inputs': []}])
export('size.pt2', [{'sizes': [{'as_expr': {'expr_str': "__import__('os').system('touch ran')"}}]}])
export('call.pt2', [{'sizes': [{'as_expr': {'expr_str': "exec(chr(97))"}}]}])
export('fine.pt2', [{'sizes': [{'as_expr': {'expr_str': "Mul(Integer(2), Symbol('s31', positive=True, integer=True))"}}]}])
export('other.pt2', [{'target': 'torch.ops.torchvision.nms.default', 'inputs': []}])`);
    for (const name of ['sample', 'object', 'pickled-weights', 'pickled-constants', 'target', 'reads']) {
      assert.equal((await found(at(`${name}.pt2`))).risk.kind, 'dangerous-globals', name);
    }
    for (const name of ['size', 'call']) {
      const { risk } = await found(at(`${name}.pt2`));
      assert.ok(risk.kind === 'unreadable');
      assert.match(risk.why, /not plain arithmetic/);
    }
    assert.deepEqual((await found(at('fine.pt2'))).risk, { kind: 'none' });
    assert.match((await refused(at('other.pt2'))).why!, /torchvision\.nms/);
    assert.equal(existsSync(at('ran')), false);
  });

  it('refuses archives that readers understand in different ways', async () => {
    python(`${TORCH_WRITER}
import warnings; warnings.simplefilter('ignore')
def change(name, edit):
    script(name)
    edit(name)
def twice(name):
    with zipfile.ZipFile(name, 'a') as z: z.writestr('archive/data.pkl', dumps(Call(os.system, 'touch ran')))
def capitals(name):
    with zipfile.ZipFile(name, 'a') as z: z.writestr('archive/DATA.pkl', dumps(Call(os.system, 'touch ran')))
def comment(name):
    with zipfile.ZipFile(name, 'a') as z: z.comment = b'more'
change('twice.pt', twice); change('capitals.pt', capitals); change('comment.pt', comment)`);
    for (const name of ['twice', 'capitals', 'comment']) {
      const error = await refused(at(`${name}.pt`));
      assert.match(`${error.what} ${error.why}`, /an archive that PyTorch would not write/, name);
    }
  });

  it('says that a file is empty, cut off, of another kind, or compiled for one machine', async () => {
    python(`${TORCH_WRITER}
script('cut.pt'); script('whole.pt')
archive('compiled.pt2', **{'data/aotinductor/model/m.so': 'x'})
archive('package.pt', **{'.data/extern_modules': 'x', 'm.py': 'x'})
with zipfile.ZipFile('book.pt', 'w') as z: z.writestr('a.txt', 'x')`);
    truncateSync(at('cut.pt'), 300);
    assert.equal((await refused(at('cut.pt'))).code, 'model-damaged');
    assert.equal((await refused(write('empty.pt'))).code, 'model-empty');
    assert.equal((await refused(write('page.pt', '<html>'))).code, 'model-damaged');
    assert.equal((await refused(at('book.pt'))).code, 'model-damaged');
    assert.match((await refused(at('compiled.pt2'))).what, /compiled by AOTInductor/);
    assert.match((await refused(at('package.pt'))).what, /torch\.package/);
    // Other things have these endings too.
    assert.equal((await refused(write('app.ts', 'export {};'))).code, 'model-not-recognised');
    assert.equal((await refused(write('firmware.bin', 'abc'))).code, 'model-not-recognised');
  });
});
