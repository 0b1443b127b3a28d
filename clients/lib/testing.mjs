// What the test files share: one server and one project each, and steps that show the server's log when they fail.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { serveFunctions } from './functions.mjs';
import { createProject } from './project.mjs';
import { startServer } from './server.mjs';

/**
 * Gives the test file a server and a project of its own; both are there once the first step runs. The pool's triggers are
 * the functions, if there are any; the events that they got are in test.events.
 */
export function useServer({ project, functions, ...options } = {}) {
  const test = {};
  let served;
  before(async () => {
    if (functions) served = await serveFunctions(functions);
    test.events = served?.events;
    test.server = await startServer({ ...options, args: served?.args, tls: await options.tls?.() });
    test.project = await createProject(test.server, functions ? { ...project, pool: { ...project?.pool, LambdaConfig: served.lambdaConfig } } : project);
  });
  after(async () => {
    await test.server?.stop();
    await served?.close();
  });
  /** One step of the file's story; steps run in order and build on each other. */
  test.step = (name, work) => it(name, async (t) => {
    try {
      await work(t);
    } catch (error) {
      if (test.server) t.diagnostic(`the server's last log lines after "${name}":\n${test.server.log().join('\n')}`);
      throw error;
    }
  });
  return test;
}

/** A program that the environment names, or the first of these paths that exists. Where CI is set it must exist; elsewhere its absence is a reason to skip. */
export function findProgram(what, variable, paths) {
  const candidates = process.env[variable] ? [process.env[variable]] : paths;
  const program = candidates.find((path) => existsSync(path));
  if (!program && process.env.CI) throw new Error(`${what} is missing: there is no ${candidates.join(', ')}`);
  return { program, skip: program ? false : `${what} is not installed (there is no ${candidates.join(', ')})` };
}

/** For assert.rejects: the error has this name, in whichever member its client keeps it, and this message, if one is given. */
export const named = (name, message) => (error) => {
  assert.equal(error.code ?? error.name, name, error.stack);
  if (message) assert.equal(error.message, message);
  return true;
};

/** The payload of a JSON web token, unchecked. */
export const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
