"use client";
// The ports of the machine on which a gateway is served in the environment. Rule: the environment's binding, not the design; saved whole
// by one button, because two ports may change places.
import { Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useBinding } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import type { Gateway } from "@/lib/mesh";
import { gatewayPorts, isBoundTo, isUnserved, portProblems, withGatewayPorts } from "../model/gateway-ports";
import { Outcome } from "./app-binding";

export function GatewayBinding({ gateway }: { gateway: Gateway }) {
  const { mesh, environment, isLoading } = useMesh();
  const { can } = useMe();
  const { binding, change } = useBinding(mesh, environment?.name);
  const stored = gatewayPorts(gateway, binding?.gateways.find(isBoundTo(gateway)));
  const [ports, setPorts] = useState(stored);
  const text = JSON.stringify(stored);
  useEffect(() => setPorts(JSON.parse(text) as typeof stored), [text]);
  if (!binding)
    return (
      <Text size="sm" c="dimmed">
        {environment || isLoading ? "Reading how the environment runs it." : "No environment yet."}
      </Text>
    );
  const isReadOnly = !can("binding.write");
  const problems = portProblems(gateway, ports, binding.gateways);
  const isWrong = problems.publicPort !== undefined || Object.keys(problems.listeners).length > 0;
  const common = {
    size: "xs",
    hideControls: true,
    allowDecimal: false,
    allowNegative: false,
    clampBehavior: "none",
    disabled: isReadOnly,
  } as const;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) change.mutate((there) => withGatewayPorts(there, gateway, ports));
      }}
    >
      <Stack gap={8}>
        <NumberInput
          {...common}
          label="Public port"
          description={`Of the machine in ${environment?.name ?? "the environment"}, for requests and what has no port of its own.`}
          placeholder="chosen by the control plane"
          value={ports.publicPort}
          error={problems.publicPort}
          onChange={(publicPort) => setPorts({ ...ports, publicPort })}
        />
        {Object.entries(ports.listeners).map(([name, value]) => (
          <NumberInput
            {...common}
            key={name}
            label={`Port of listener ${name}`}
            description={descriptionOf(gateway, name, isUnserved(gateway, ports, name))}
            placeholder="the public port"
            value={value}
            error={problems.listeners[name]}
            onChange={(port) => setPorts({ ...ports, listeners: { ...ports.listeners, [name]: port } })}
          />
        ))}
        <Group>
          <Button
            type="submit"
            size="xs"
            variant="default"
            loading={change.isPending}
            disabled={isReadOnly || isWrong || JSON.stringify(ports) === text}
          >
            Save the ports
          </Button>
        </Group>
        <Outcome of={change} />
      </Stack>
    </form>
  );
}

function descriptionOf({ spec }: Gateway, name: string, isAlone: boolean): string {
  const listener = spec.listeners.find((each) => each.name === name);
  if (!listener) return "The draft has no such listener. Empty the field to take the port back.";
  if (isAlone) return "It needs a port of its own: at the public port nothing tells its connections from others.";
  return `Of the machine, for ${listener.protocol} that the design has at ${listener.port}.`;
}
