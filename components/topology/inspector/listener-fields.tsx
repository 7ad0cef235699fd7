"use client";
// What each listener of a gateway asks of its clients: certificates where TLS ends, HTTPS where there is none.
// Rule: it is the design; whose signatures count, and on which port of the machine, says the environment.
import { Stack, Switch, Text } from "@mantine/core";
import { type Gateway, isHttpsListener, isPlainListener } from "@/lib/mesh";
import { CLIENT_MODES, withMode, withNames } from "../model/listener-clients";
import { EditChoice, EditText } from "./parts";

type Patch = (path: (string | number)[], value: unknown) => boolean;

export function ListenerFields({ gateway, editable, patch }: { gateway: Gateway; editable: boolean; patch: Patch }) {
  return (
    <Stack gap={8}>
      {gateway.spec.listeners.map((listener, i) => {
        const clients = listener.tls?.clients;
        const isBound = isHttpsListener(listener) && listener.tls !== undefined;
        if (!isBound && !isPlainListener(listener)) return null;
        return (
          <div key={listener.name}>
            {isBound ? (
              <EditChoice
                label={`Certificates of clients at ${listener.name}`}
                unset="not asked for"
                value={clients?.mode}
                choices={CLIENT_MODES}
                disabled={!editable}
                onCommit={(mode) => patch(["listeners", i, "tls", "clients"], withMode(clients, mode))}
              />
            ) : (
              <Switch
                size="xs"
                label={`Send plain HTTP at ${listener.name} on to HTTPS`}
                checked={listener.httpsRedirect ?? false}
                disabled={!editable}
                onChange={(event) =>
                  patch(["listeners", i, "httpsRedirect"], event.currentTarget.checked ? true : undefined)
                }
              />
            )}
            {clients ? (
              <EditText
                label={`Names of clients at ${listener.name}`}
                placeholder="any certificate that is signed"
                value={clients.names?.join(", ") ?? ""}
                disabled={!editable}
                onCommit={(text) => patch(["listeners", i, "tls", "clients"], withNames(clients, text))}
              />
            ) : null}
            <Text size="xs" c="dimmed">
              {`${listener.protocol} at port ${listener.port} for ${listener.hosts.join(", ")}`}
            </Text>
          </div>
        );
      })}
    </Stack>
  );
}
