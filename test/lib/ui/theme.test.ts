import { expect } from 'chai';
import { loadTheme, plainTheme } from '../../../src/lib/ui/theme.ts';

const terminal = { isTTY: true };
const pipe = { isTTY: false };

const isColoured = async (...where: Parameters<typeof loadTheme>) =>
  (await loadTheme(...where)) !== plainTheme;

describe('colours', () => {
  it('are for terminals', async () => {
    expect(await isColoured({}, terminal)).to.equal(true);
    expect(await isColoured({}, pipe)).to.equal(false);
    expect(await isColoured({}, {})).to.equal(false);
    expect(await isColoured({ TERM: 'dumb' }, terminal)).to.equal(false);
  });

  it('are turned off by NO_COLOR and on by FORCE_COLOR, which outranks it', async () => {
    expect(await isColoured({ NO_COLOR: '1' }, terminal)).to.equal(false);
    expect(await isColoured({ FORCE_COLOR: '1' }, pipe)).to.equal(true);
    expect(await isColoured({ FORCE_COLOR: '1', NO_COLOR: '1' }, pipe)).to.equal(true);
    expect(await isColoured({ FORCE_COLOR: '0' }, terminal)).to.equal(false);
    expect(await isColoured({ FORCE_COLOR: 'false' }, terminal)).to.equal(false);
  });

  it('are as they would be where either variable is empty', async () => {
    expect(await isColoured({ NO_COLOR: '', FORCE_COLOR: '' }, terminal)).to.equal(true);
    expect(await isColoured({ NO_COLOR: '', FORCE_COLOR: '' }, pipe)).to.equal(false);
  });

  it('are escape sequences around the text, or nothing at all', async () => {
    expect(await loadTheme({}, pipe)).to.equal(plainTheme);
    for (const style of Object.values(plainTheme)) expect(style('x')).to.equal('x');
    const theme = await loadTheme({ FORCE_COLOR: '1' }, pipe);
    for (const style of Object.values(theme)) expect(style('x')).to.match(/^\u001b\[\d+mx\u001b\[\d+m$/);
  });
});
