import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listSessions, register, revokeAll, signIn, whoami, whoamiRefused } from './guided-run/chapters.ts';
import { Guide } from './guided-run/guide.ts';
import { terminalSvg } from './picture/terminal-svg.ts';

/*
 * "npm run picture": draws docs/run.svg, a part of the guided run, from what the commands really print.
 */

const PICTURE = join(__dirname, '..', 'docs', 'run.svg');
const TITLE = 'Signing in with airbnb, looking at the session, and ending it';

async function main(): Promise<void> {
  let transcript = '';
  let isShown = false;
  const guide = await Guide.start({
    env: { LANG: 'C.UTF-8', TZ: 'UTC', NO_COLOR: undefined, FORCE_COLOR: '1' },
    onCommand: (commandLine) => {
      if (isShown) transcript += `\n\u001b[32m$\u001b[39m \u001b[1m${commandLine}\u001b[22m\n`;
    },
    onOutput: (text) => {
      if (isShown) transcript += text;
    },
    signal: new AbortController().signal,
  });
  try {
    await register(guide);
    isShown = true;
    await signIn(guide);
    await whoami(guide);
    await listSessions(guide, 1);
    await revokeAll(guide);
    await whoamiRefused(guide, 'en');
  } finally {
    await guide.end();
  }
  mkdirSync(dirname(PICTURE), { recursive: true });
  writeFileSync(PICTURE, terminalSvg(withoutHostName(transcript).trim().split('\n'), TITLE));
}

/** Nobody need know what the machine is called on which the picture was made. */
function withoutHostName(transcript: string): string {
  return transcript.replaceAll(/(Device: +)\S+/g, '$1laptop');
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
