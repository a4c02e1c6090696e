// The interface of the rare kernels, which pages get as a module of their own when something asks for one of them. No code.
export { runRare } from "./dispatch.gen";
