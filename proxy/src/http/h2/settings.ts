// Values that a SETTINGS frame may carry (RFC 9113 6.5.2). Rule: an unknown setting is ignored, a wrong value ends the
// connection with the code that the RFC names for it.

import { CODE, maxFrameBytes, maxWindow, SETTING } from "./protocol";

export interface SettingProblem {
  readonly code: number;
  readonly detail: string;
}

export function settingProblem(id: number, value: number): SettingProblem | null {
  if (id === SETTING.enablePush && value > 1) return { code: CODE.protocolError, detail: "enable_push_value" };
  if (id === SETTING.initialWindowSize && value > maxWindow) {
    return { code: CODE.flowControlError, detail: "initial_window_too_large" };
  }
  // Our own frames are 16 KiB at most, which everybody takes: the value itself does not matter.
  if (id === SETTING.maxFrameSize && (value < maxFrameBytes || value > 0xffffff)) {
    return { code: CODE.protocolError, detail: "max_frame_size_value" };
  }
  return null;
}
