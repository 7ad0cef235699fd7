export { Canvas, type CanvasProps } from "./canvas";
export { layOut } from "./layout";
export * from "./types";
export type { CanvasHandle } from "./use-canvas-handle";
