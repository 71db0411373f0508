import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { originIn } from '../../../src/core/detect/global-origin.ts';
import { judgeGlobal } from '../../../src/core/detect/globals.ts';

function judged(danger: string, names: string): void {
  for (const name of names.split(/\s+/).filter(Boolean)) {
    const found = judgeGlobal(name);
    assert.equal(found.danger, danger, name);
    assert.equal(found.meaning !== undefined, danger !== 'known', name);
  }
}

describe('judging the globals of a pickle', () => {
  it('knows what scikit-learn, numpy, scipy, joblib and pandas write', () => {
    judged(
      'known',
      `sklearn.pipeline.Pipeline sklearn.linear_model._logistic.LogisticRegression sklearn.tree._tree.Tree
       sklearn.neighbors._kd_tree.newObj sklearn._loss._loss.__pyx_unpickle_CyHalfMultinomialLoss
       sklearn.preprocessing._function_transformer._identity sklearn.utils._bunch.Bunch
       sklearn.linear_model.logistic.LogisticRegression
       numpy.core.multiarray._reconstruct numpy._core.multiarray.scalar numpy.ndarray numpy.dtype numpy.log1p
       scipy.sparse._csr.csr_matrix scipy.sparse.csr.csr_matrix joblib.numpy_pickle.NumpyArrayWrapper
       pandas.core.frame.DataFrame pandas._libs.internals._unpickle_block
       xgboost.sklearn.XGBClassifier xgboost.core.Booster lightgbm.sklearn.LGBMRanker lightgbm.basic.Booster
       builtins.set __builtin__.set collections.OrderedDict copy_reg._reconstructor _codecs.encode`,
    );
  });

  it('says what reaches the system, under every name it has', () => {
    judged(
      'dangerous',
      `os.system posix.system nt.system os.path.exists subprocess.Popen subprocess.check_output commands.getoutput
       builtins.eval builtins.exec builtins.compile builtins.open builtins.getattr builtins.__import__ __builtin__.eval
       importlib.import_module runpy.run_path socket.socket urllib.request.urlopen requests.get requests.api.get
       shutil.rmtree pathlib.Path ctypes.CDLL pickle.loads cPickle.loads _pickle.loads code.InteractiveInterpreter
       pty.spawn webbrowser.open asyncio.create_subprocess_shell multiprocessing.Process operator.attrgetter
       operator.methodcaller _operator.methodcaller numpy.load numpy.testing._private.utils.runstring joblib.load
       joblib.numpy_pickle.load torch.load torch.serialization.load types.CodeType cloudpickle.cloudpickle._make_function
       dill._dill._create_code pandas.eval pandas.io.pickle.read_pickle numpy.core._ufunc_reconstruct
       sys.modules timeit.timeit sklearn.datasets._base.load_files joblib.memory.Memory`,
    );
  });

  it('sees through a library that imports the module', () => {
    judged(
      'dangerous',
      `sklearn.base.os.system sklearn.utils.subprocess.Popen my.module.os.popen
       sklearn.pipeline.Pipeline.fit.__globals__ some.thing.__builtins__ numpy.f2py.diagnose.os.system`,
    );
  });

  it('takes nothing for known only because it is in a known library', () => {
    judged(
      'unknown',
      `sklearn.utils._joblib.Parallel sklearn.pipeline.Pipeline.fit sklearn.pipeline.Pipeline.Other
       sklearn.preprocessing._function_transformer.FunctionTransformer.transform sklearn.tree._export.StringIO
       sklearn.model_selection.tests.test_search.MockClassifier sklearn.compose._column_transformer._transform_one
       sklearn_evil.pipeline.Pipeline sklearn.newpackage.Thing numpyx.ndarray scipy.stats._distn_infrastructure.rv_frozen
       functools.partial __main__.Wrapper my_project.models.Model xgboost.callback.EarlyStopping
       xgboost.sklearn.XGBClassifier.load_model xgboost.sklearn.json lightgbm.basic.Dataset lightgbm.sklearn.LGBMThing
       builtins.type builtins.property constructor.prototype toString.x`,
    );
  });

  it('says where an unknown one comes from, and in a project whose it is', () => {
    const meanings: [string, string][] = [
      ['builtins.type', 'a builtin of Python'],
      ['__builtin__.type', 'a builtin of Python'],
      ['functools.partial', "of Python's standard library"],
      ['sklearn.newpackage.Thing', 'of the package scikit-learn'],
      ['torch.someday.Thing', 'of the package torch'],
      ['shop.clean.Lower', 'of the module shop, from a package or from the project that made the model'],
      ['toString.x', 'of the module toString, from a package or from the project that made the model'],
    ];
    for (const [name, meaning] of meanings) assert.equal(judgeGlobal(name).meaning, meaning, name);
    const own = ['src/shop', 'words.py'];
    assert.equal(originIn('shop.clean.Lower', own), 'of this project, src/shop');
    assert.equal(originIn('words.Upper', own), 'of this project, words.py');
    assert.equal(originIn('other.Upper', own), 'of the package other; this project has no module of that name');
    assert.equal(originIn('functools.partial', own), "of Python's standard library");
  });

  it('says in words what a dangerous one does', () => {
    assert.deepEqual(judgeGlobal('posix.system'), {
      name: 'posix.system',
      danger: 'dangerous',
      meaning: 'runs a command of the operating system',
    });
  });
});
