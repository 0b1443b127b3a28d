// Starts a Pintail server on an empty data folder and stops it again: one for the demo, one for each test file.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The program that the tests run: what "make build" left behind, or another one that the environment names. */
const builtProgram = process.env.PINTAIL_PROGRAM ?? fileURLToPath(new URL('../../bin/pintail', import.meta.url));

const START_DEADLINE = 60_000; // ms; the first start of a new data folder makes keys and stores
const STOP_DEADLINE = 30_000;
const CODE_DEADLINE = 30_000;
const LOG_LINES = 200;

/**
 * Starts "pintail start" and waits until it is ready.
 * @param {object} options
 * @param {string} [options.program] path of the pintail binary
 * @param {string[]} [options.args] further flags of "pintail start"
 * @param {{certificate: string, key: string}} [options.tls] PEM files to serve HTTPS with
 */
export async function startServer({ program = builtProgram, args = [], tls } = {}) {
  const binary = resolve(program);
  if (!existsSync(binary)) throw new Error(`there is no ${binary}: build it with "make build"`);
  const folder = await mkdtemp(join(tmpdir(), 'pintail-'));
  const data = join(folder, 'data');
  const flags = ['start', '--data', data, '--listen', '127.0.0.1:0', ...args];
  if (tls) flags.push('--tls-cert', tls.certificate, '--tls-key', tls.key);
  const child = spawn(binary, flags, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() });
  const server = new Server(binary, folder, data, child, tls);
  try {
    await server.ready();
  } catch (error) {
    await server.kill();
    throw error;
  }
  return server;
}

/** A running server: where it is, its root access key, its log, its outbox. */
class Server {
  #binary; #folder; #child; #tls; #log = [];

  constructor(binary, folder, data, child, tls) {
    this.#binary = binary;
    this.#folder = folder;
    this.#child = child;
    this.#tls = tls;
    this.data = data;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this.#log.push(...text.trimEnd().split('\n'));
        this.#log.splice(0, this.#log.length - LOG_LINES);
      });
    }
    this.exited = once(child, 'exit').then(([code, signal]) => signal ?? code, (error) => error.message);
    // A run that dies leaves neither a server nor its folder behind.
    process.once('exit', this.#cleanUp);
  }

  /** The last lines that the server logged. */
  log(lines = 20) { return this.#log.slice(-lines); }

  /** Node's https options that trust the server's certificate; undefined for plain HTTP. */
  get trust() { return this.certificate && { ca: this.certificate }; }

  async ready() {
    let ended;
    this.exited.then((how) => { ended = { how }; });
    if (this.#tls) this.certificate = await readFile(this.#tls.certificate);
    const deadline = Date.now() + START_DEADLINE;
    while (!(await this.#answers())) {
      if (ended) throw new Error(`the server ended while it started (${ended.how}):\n${this.log().join('\n')}`);
      if (Date.now() > deadline) throw new Error(`the server was not ready after ${START_DEADLINE / 1000} s:\n${this.log().join('\n')}`);
      await pause(50);
    }
    this.credentials = parseCredentials(await readFile(join(this.data, 'credentials'), 'utf8'));
  }

  async #answers() {
    const note = await readFile(join(this.data, 'running.json'), 'utf8').catch(() => '');
    if (!note) return false;
    Object.assign(this, pick(JSON.parse(note), ['url', 'region', 'account']));
    return (await status(`${this.url}/_pintail/ready`, this.trust)) === 200;
  }

  /** Runs a verb of the program on this server's data folder and returns what it printed. */
  async pintail(verb, ...args) {
    const { stdout } = await run(this.#binary, [verb, '--data', this.data, ...args], { env: cleanEnvironment() });
    return stdout;
  }

  /** The newest code sent to an address; with "after", the newest once it differs from that one. */
  async code(to, { after } = {}) {
    const deadline = Date.now() + CODE_DEADLINE;
    for (;;) {
      // "outbox --wait" waits for the next message, but this one may have been sent already.
      const code = await this.lastCode(to);
      if (code && code !== after) return code;
      if (Date.now() > deadline) throw new Error(`no ${after ? `code other than ${after}` : 'code'} was sent to ${to} within ${CODE_DEADLINE / 1000} s`);
      await pause(50);
    }
  }

  /** The newest code that was sent to an address until now, if there is one. */
  async lastCode(to) {
    return (await this.pintail('outbox', '--to', to, '--code').catch(noCodeYet))?.trim();
  }

  /** Asks the server to end, as an operator does, and checks that it ends in order. */
  async stop() {
    this.#child.kill('SIGTERM');
    const timer = new AbortController();
    const how = await Promise.race([this.exited, pause(STOP_DEADLINE, 'not at all', { signal: timer.signal })]);
    timer.abort();
    const lines = this.log();
    await this.kill();
    if (how !== 0) throw new Error(`after SIGTERM the server should end with exit code 0; it ended with ${how}:\n${lines.join('\n')}`);
  }

  async kill() {
    this.#cleanUp();
    await this.exited;
    process.off('exit', this.#cleanUp);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #cleanUp = () => {
    this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** The environment without settings of a Pintail server or an AWS account that the person at this shell may have. */
export function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PINTAIL|AWS)_/.test(name)));
}

function noCodeYet(error) {
  if (!/no message/.test(error.stderr ?? '')) throw error;
}

// The status of a GET, or undefined while nothing answers.
function status(url, trust) {
  return new Promise((resolve) => {
    const request = (trust ? https : http).get(url, { ...trust, timeout: 5000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

// The [default] profile of an AWS credentials file, as the AWS SDK wants it.
function parseCredentials(text) {
  const value = (name) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1];
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}

const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));
