// What the demo prints: numbered steps, one line each, with what was asked,
// how long it took and what came back.
const WIDTH = 54; // of the column "what was asked"
const DETAIL = 26; // of the names of further things
const STILL = 5_000; // ms between two signs of life during a long step

const paint = (stream) => {
  const colours = stream.isTTY && !process.env.NO_COLOR;
  const code = (n) => (text) => (colours ? `\x1b[${n}m${text}\x1b[0m` : text);
  return { bold: code(1), dim: code(2), green: code(32), yellow: code(33), red: code(31) };
};

/** Prints the demo's chapters and steps. */
export class Report {
  #out; #paint; #number = 0; #began = Date.now(); #current;

  constructor(out = process.stdout) {
    this.#out = out;
    this.#paint = paint(out);
  }

  /** What was being done when it failed; undefined between steps. */
  get current() { return this.#current; }

  line(text = '') { this.#out.write(`${text}\n`); }

  title(text) { this.line(this.#paint.bold(text)); }

  chapter(text) { this.line(`\n${this.#paint.bold(text)}`); }

  /** One line below a step: a further thing that came back. */
  detail(name, value) { this.line(`         ${this.#paint.dim(name.padEnd(DETAIL))}${value}`); }

  /** Runs work() as the next step and prints show(result). Its failure is the demo's. */
  async step(what, work, show = () => 'done') {
    const result = await this.#timed(what, work);
    this.#done(what, this.#paint.green(show(result)));
    return result;
  }

  /** Runs work() as the next step and expects an error whose name matches, prints its message below; anything else is the demo's failure. */
  async refused(what, name, work) {
    const error = await this.#timed(what, () => work().then(() => undefined, (error) => error));
    if (!error) throw new Error('this was allowed, and it must not be');
    if (!name.test(error.name)) throw new Error(`this was refused for the wrong reason: expected ${name}`, { cause: error });
    this.#done(what, this.#paint.yellow(`refused: ${error.name}`));
    this.line(`         ${this.#paint.dim(error.message)}`);
  }

  /** The last lines: how long it all took, and that it happened. */
  finish() {
    const seconds = ((Date.now() - this.#began) / 1000).toFixed(1);
    this.line(`\n${this.#number} steps in ${seconds} s.`);
    this.line(this.#paint.green(this.#paint.bold('Everything happened.')));
  }

  failure(error, log) {
    const where = this.#current ? `Step ${this.#number} failed: ${this.#current.what}` : 'The demo failed.';
    this.line(`\n${this.#paint.red(this.#paint.bold(where))}`);
    for (let e = error; e; e = e.cause) this.line(`  ${e.name}: ${e.message}${e.$metadata ? ` (HTTP ${e.$metadata.httpStatusCode})` : ''}`);
    if (log.length > 0) this.line(`\nThe server's last log lines:\n  ${log.join('\n  ')}`);
  }

  async #timed(what, work) {
    this.#current = { what, began: Date.now() };
    this.#number += 1;
    if (this.#out.isTTY) this.#out.write(`${this.#head(what)} ...`);
    const still = setInterval(() => {
      const seconds = Math.round((Date.now() - this.#current.began) / 1000);
      if (this.#out.isTTY) this.#out.write(`\r\x1b[K${this.#head(what)} ... ${seconds} s`);
      else this.line(`${this.#head(what)} still working, ${seconds} s`);
    }, this.#out.isTTY ? 1000 : STILL);
    try {
      return await work();
    } catch (error) {
      if (this.#out.isTTY) this.line();
      throw error;
    } finally {
      clearInterval(still);
      this.#current.took = Date.now() - this.#current.began;
    }
  }

  #done(what, result) {
    const took = `${this.#current.took} ms`.padStart(8);
    this.line(`${this.#out.isTTY ? '\r\x1b[K' : ''}${this.#head(what)}${this.#paint.dim(took)}  ${result}`);
    this.#current = undefined;
  }

  #head(what) { return `  ${String(this.#number).padStart(3)}  ${what.padEnd(WIDTH)}`; }
}
