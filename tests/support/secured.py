"""A real broker that speaks TLS alone and wants a login, with certificates and users made on the spot."""

import secrets
import subprocess
from pathlib import Path
from typing import Any

from deploy.kafka import Kafka
from schemas.clients import connection
from schemas.settings import KafkaSettings
from tests.support.broker import LIB, OwnBroker

USER = "denyut"
_BROKER = "broker"
_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


class Certificates:
    """An authority and one certificate of it, for 127.0.0.1, made by openssl: `ca`, and `server` with its key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        self.server = folder / "server.pem"
        key, request, signed, extensions = (folder / name for name in ("s.key", "s.csr", "s.pem", "s.ext"))
        ca_key = folder / "ca.key"
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        _openssl(
            *new, "-x509", "-days", "2", "-subj", "/CN=Tests of Denyut", "-keyout", ca_key, "-out", self.ca
        )
        _openssl(*new, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request)
        extensions.write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
        sign = ["x509", "-req", "-days", "2", "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial"]
        _openssl(*sign, "-in", request, "-extfile", extensions, "-out", signed)
        self.server.write_bytes(key.read_bytes() + signed.read_bytes())


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class SecuredBroker(OwnBroker):
    """SASL_SSL with SCRAM-SHA-256, between brokers too; `password` is the one of the user `denyut`."""

    def __init__(self, folder: Path, partitions: int = 4) -> None:
        self.password = secrets.token_urlsafe(12)
        self.certificates = Certificates(folder / "certificates")
        super().__init__(folder, partitions)

    def settings(self, **others: Any) -> dict[str, Any]:
        """Settings, without their `DENYUT_`, with which a process is let in."""
        return {
            "kafka": self.bootstrap,
            "kafka_security": "SASL_SSL",
            "kafka_user": USER,
            "kafka_password": self.password,
            "kafka_ca_file": str(self.certificates.ca),
            **others,
        }

    def _reached(self) -> dict[str, Any]:
        return connection(KafkaSettings.model_validate(self.settings()))

    def _configured(self, folder: Path, port: int, controller_port: int, partitions: int) -> Kafka:
        own = secrets.token_urlsafe(12)
        lines = {
            "listeners": f"SECURE://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"SECURE://127.0.0.1:{port}",
            "listener.security.protocol.map": "SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "SECURE",
            "sasl.enabled.mechanisms": "SCRAM-SHA-256",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-256",
            "listener.name.secure.scram-sha-256.sasl.jaas.config": (
                f'{_MODULE} required username="{_BROKER}" password="{own}";'
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.certificates.server,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.certificates.ca,
        }
        users = {USER: self.password, _BROKER: own}
        return Kafka(
            LIB,
            folder,
            port,
            controller_port,
            partitions,
            more="".join(f"{name}={value}\n" for name, value in lines.items()),
            format_options=tuple(
                word
                for name, password in users.items()
                for word in ("--add-scram", f"SCRAM-SHA-256=[name={name},password={password}]")
            ),
        )
