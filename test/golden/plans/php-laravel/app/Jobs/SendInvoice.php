<?php
class SendInvoice {}
