export { Canvas, type CanvasHandle, type CanvasProps } from "./canvas";
export { layOut } from "./layout";
export * from "./types";
