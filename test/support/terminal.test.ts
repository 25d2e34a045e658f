import { expect } from 'chai';
import { Terminal } from './terminal.ts';

const ASKING = `
  process.stdin.setRawMode(true);
  process.stdout.write('\\x1b[1mName?\\x1b[0m ');
  let name = '';
  process.stdin.on('data', (data) => {
    if (data.includes('\\x03')) process.exit(130);
    name += data;
    if (!name.endsWith('\\r')) return;
    console.log('Hello ' + name.trim(), process.stdout.columns, process.stdin.isTTY && process.stderr.isTTY);
    process.exit(3);
  });`;

describe('a pseudo-terminal', () => {
  const open = (program = ASKING) =>
    new Terminal(process.execPath, ['-e', program], { cwd: __dirname, env: {}, columns: 72 });

  it('is read and typed into, and gives the exit code and all of the text', async () => {
    const terminal = open();
    await terminal.expect(/Name\?/);
    terminal.answer('Ana');
    await terminal.expect(/Hello Ana 72 true/);
    expect(await terminal.exit()).to.deep.equal({
      code: 3,
      signal: 0,
      text: 'Name? Hello Ana 72 true\r\n',
    });
    expect(terminal.raw).to.contain('\x1b[1mName?\x1b[0m');
  });

  it('presses keys', async () => {
    const terminal = open();
    await terminal.expect(/Name\?/);
    terminal.press('ctrl-c');
    expect((await terminal.exit()).code).to.equal(130);
  });

  it('says what is on the screen when something does not appear', async () => {
    const terminal = open(`console.log('Good bye'); process.exit(1)`);
    const failure = await terminal.expect(/Hello/).catch((error: Error) => error.message);
    expect(failure).to.match(/Hello.* did not appear.*Good bye.*ended with 1/s);
  });

  it('kills what does not end', async () => {
    const terminal = open();
    const failure = await terminal.exit(50).catch((error: Error) => error.message);
    expect(failure).to.contain('did not end within 50 ms');
    expect((await terminal.exit()).signal).to.equal(9);
  });
});
