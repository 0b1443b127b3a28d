// What the test files share: one server and one project each, and steps that show the server's log when they fail.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { createProject } from './project.mjs';
import { startServer } from './server.mjs';

/** Gives the test file a server and a project of its own; both are there once the first step runs. */
export function useServer({ project, ...options } = {}) {
  const test = {};
  before(async () => {
    test.server = await startServer(typeof options.tls === 'function' ? { ...options, tls: await options.tls() } : options);
    test.project = await createProject(test.server, project);
  });
  after(() => test.server?.stop());
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
