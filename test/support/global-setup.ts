/** What mocha runs once around the whole suite. */
import { engines } from './engines.ts';

export const mochaGlobalSetup = () => engines.start();
export const mochaGlobalTeardown = () => engines.stop();
