// Together, so that the build can put them into a bundle of their own, which is read only when somebody is asked.
export { default as input } from '@inquirer/input';
export { default as password } from '@inquirer/password';
