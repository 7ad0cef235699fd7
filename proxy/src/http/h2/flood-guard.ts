// What a peer may do that costs us more than it costs them (research/dataplane 4.4). Rule: every frame that is free for
// the sender is counted against the useful work of its connection; the limits are Envoy's where Envoy has one.

/** Envoy: max_consecutive_inbound_frames_with_empty_payload. */
const maxEmptyInRow = 1;
/** Envoy: max_inbound_priority_frames_per_stream. */
const priorityPerStream = 100;
/** Envoy: max_inbound_window_update_frames_per_data_frame_sent. */
const windowUpdatesPerData = 10;
/** Envoy: max_outbound_control_frames. */
const maxQueuedControl = 1000;
/** Envoy: premature_reset_total_stream_count and premature_reset_min_stream_lifetime_seconds. */
const judgedAfterStreams = 500;
const prematureMs = 1000;
/** PING and SETTINGS: nghttp2's bucket for such frames. */
const controlBurst = 1000;
const controlPerSecond = 33;

export class FloodGuard {
  private emptyInRow = 0;
  private priorities = 0;
  private windowUpdates = 0;
  private opened = 0;
  private closed = 0;
  private premature = 0;
  private control = controlBurst;
  private refilledAt = performance.now();
  dataFramesSent = 0;

  onOpened(): void {
    this.opened++;
  }

  /** `isReset`: by the peer, or by us because of something the peer did (MadeYouReset). True: rapid reset. */
  onClosed(openedAt: number, isReset: boolean): boolean {
    this.closed++;
    if (!isReset || performance.now() - openedAt >= prematureMs) return false;
    this.premature++;
    return this.closed >= judgedAfterStreams && this.premature * 2 > this.closed;
  }

  /** A frame with an empty payload that does not end its stream. True: too many in a row. */
  onEmptyFrame(): boolean {
    return ++this.emptyInRow > maxEmptyInRow;
  }

  /** Data pays for a PING: gRPC peers measure the path with one per round trip while data flows. */
  onUsefulFrame(): void {
    this.emptyInRow = 0;
    if (this.control < controlBurst) this.control++;
  }

  onPriority(): boolean {
    return ++this.priorities > priorityPerStream * (1 + this.opened);
  }

  onWindowUpdate(): boolean {
    return ++this.windowUpdates > 5 + 2 * (this.opened + windowUpdatesPerData * this.dataFramesSent);
  }

  /** PING, SETTINGS, unknown frames and frames on closed streams. */
  onControl(queued: number): boolean {
    const now = performance.now();
    this.control = Math.min(controlBurst, this.control + ((now - this.refilledAt) / 1000) * controlPerSecond);
    this.refilledAt = now;
    this.control--;
    return this.control < 0 || queued > maxQueuedControl;
  }
}
