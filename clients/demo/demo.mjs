// The demo: starts a strict server on the embedded stores in a temporary
// folder, sets a project up, and plays the main story from clients that nobody
// changed. Usage: node demo.mjs PATH-OF-PINTAIL
import { amplifyVersion, muteWarnings } from '../lib/amplify.mjs';
import { createProject } from '../lib/project.mjs';
import { startServer } from '../lib/server.mjs';
import { Report } from './report.mjs';
import { playStory } from './story.mjs';

const report = new Report();
let server;

async function demo(program) {
  report.title('Pintail: Amazon Cognito and Amazon Pinpoint as one program, met by clients that nobody changed');
  report.line();
  server = await report.step('Start pintail, strict, on an empty temporary folder', () => startServer({ program }), (s) => s.url);
  report.chapter('The owner sets a project up (AWS SDK for JavaScript v3, root access key)');
  const project = await createProject(server, { step: (...step) => report.step(...step) });
  await playStory(server, project, report);
  report.chapter('The end');
  await report.step('Stop the server (SIGTERM)', () => server.stop(), () => 'it ended in order, exit code 0');
  report.finish();
}

async function fail(error) {
  report.failure(error, server?.log() ?? []);
  await server?.kill();
  process.exit(1);
}

const [program] = process.argv.slice(2);
if (!program) {
  console.error('usage: node demo.mjs PATH-OF-PINTAIL    ("make demo" builds it and runs this)');
  process.exit(2);
}
const said = muteWarnings();
// Amplify sends events behind the caller's back; what goes wrong there surfaces here.
process.on('unhandledRejection', fail);
process.on('SIGINT', () => fail(new Error('interrupted')));
try {
  await demo(program);
} catch (error) {
  for (const words of said) report.line(`  aws-amplify ${amplifyVersion} said: ${words}`);
  await fail(error);
}
process.exit(0); // Amplify's timers would keep Node alive
