#!/usr/bin/env node
import { keepCompiled } from './core/compiled.ts';

keepCompiled();
const { runCli } = await import('./cli/main.ts');
process.exitCode = await runCli(process.argv.slice(2));
