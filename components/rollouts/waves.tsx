"use client";
// A rollout wave by wave, live. Rule: "runs it" is what the proxy reported, never what was sent.
import { Progress, Text } from "@mantine/core";
import type { DeploymentDto } from "@/components/api-client";
import { Mono, Panel, StatusBadge, shortDigest } from "@/components/ui";
import classes from "./rollouts.module.css";
import { progressOf, proxyStatus, proxyWord, stateWord } from "./words";

const waveNames = ["First: one proxy per workload", "Then: the rest"];

export function Waves({ deployment }: { deployment: DeploymentDto }) {
  const { done, total } = progressOf(deployment);
  return (
    <Panel
      title={`r${deployment.revision}: ${stateWord[deployment.state] ?? deployment.state}`}
      hint={deployment.reason ?? `${done} of ${total} proxies run it`}
      aside={
        <Progress
          w={160}
          value={total === 0 ? 0 : (done / total) * 100}
          aria-label={`${done} of ${total} proxies run it`}
        />
      }
    >
      <div className={classes.waves}>
        {deployment.waves.map((wave, index) => (
          <section key={wave.index ?? wave.proxies[0]?.proxyKey ?? index}>
            <Text component="h3" size="xs" fw={600} c="dimmed" mb={8}>
              {waveNames[index] ?? `Wave ${index + 1}`}
            </Text>
            <ul className={classes.proxies}>
              {wave.proxies.map((proxy) => (
                <li key={proxy.proxyKey}>
                  <span className={classes.proxyHead}>
                    <Mono>{proxy.proxyKey}</Mono>
                    <StatusBadge status={proxyStatus(proxy.state)}>{proxyWord[proxy.state] ?? proxy.state}</StatusBadge>
                  </span>
                  {proxy.reason ? (
                    <span className={classes.reason}>{proxy.reason}</span>
                  ) : proxy.runningDigest ? (
                    <span className={classes.digest}>runs {shortDigest(proxy.runningDigest)}</span>
                  ) : null}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Panel>
  );
}
