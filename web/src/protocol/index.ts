export { decode, encode } from './codec';
export type * from './words';
