"use client";
// Run now and take away. Rule: a button that would be refused is not offered, and says who may.
import { Button, Menu, Tooltip } from "@mantine/core";
import { IconDownload, IconPlayerPlay } from "@tabler/icons-react";
import type { ChecksNowDto } from "@/lib/api/schema/checks";
import { exportUrl } from "./use-checks";

const FORMATS = [
  { value: "html", label: "Printable report" },
  { value: "oscal", label: "OSCAL assessment results" },
  { value: "sarif", label: "SARIF" },
  { value: "junit", label: "JUnit" },
  { value: "csv", label: "CSV" },
] as const;

interface ActionsProps {
  mesh: string;
  environment: string | undefined;
  now: ChecksNowDto | undefined;
  lens: string | null;
  canRun: boolean;
  isAsking: boolean;
  onRun(): void;
}

export function Actions({ mesh, environment, now, lens, canRun, isAsking, onRun }: ActionsProps) {
  const isOpen = now?.open !== null && now?.open !== undefined;
  const why = !canRun ? "Operators and administrators run the checks." : isOpen ? "The checks are running." : "";
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} disabled={!now || !environment}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map(({ value, label }) => (
            <Menu.Item
              key={value}
              component="a"
              href={exportUrl(mesh, environment ?? "", "latest", value, lens)}
              download
            >
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Tooltip label={why} disabled={why === ""}>
        <span>
          <Button
            size="xs"
            leftSection={<IconPlayerPlay size={14} />}
            disabled={!canRun || isOpen || !environment}
            loading={isAsking}
            onClick={onRun}
          >
            {isOpen ? "Running" : "Run the checks"}
          </Button>
        </span>
      </Tooltip>
    </>
  );
}
